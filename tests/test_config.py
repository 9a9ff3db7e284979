"""config.toml -> Settings: what is taken, and how each mistake is told."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import tomllib
import traceback
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from cockpit import config
from cockpit.command_line.config import shown
from cockpit.config import ConfigError, Secret, load
from cockpit.config_table import format_duration, is_loopback, parse_duration
from cockpit.incident.communities import Listed

EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
MINIMAL = """
[me]
name = "Ana Example"
[pagerduty]
[slack]
[freshdesk]
url = "https://example.freshdesk.com"
"""
LOOPBACK = """
[me]
name = "Ana Example"
[pagerduty]
api_url = "http://127.0.0.1:8001/pagerduty"
[slack]
api_url = "http://127.0.0.1:8001/slack/api"
[freshdesk]
url = "http://localhost:8001/freshdesk"
"""
CLOCK = '[clock]\norigin = 2026-11-23T08:46:00Z\nstarted = "2026-11-23T15:00:00+00:00"\nspeed = 20\n'


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("COCKPIT_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    message = str(caught.value)
    assert str(path) in message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return message


def test_a_minimal_file_has_the_defaults(written) -> None:
    settings = load(written(MINIMAL, 0o644))
    assert settings.me == "Ana Example"
    assert settings.pagerduty.api_url == "https://api.pagerduty.com"
    assert settings.slack.api_url == "https://slack.com/api/"
    assert settings.freshdesk.url == "https://example.freshdesk.com"
    assert (settings.polls.pagerduty, settings.polls.slack, settings.polls.freshdesk) == (15, 5, 20)
    assert settings.review_hold == 5
    assert settings.signals == {"bell", "title", "notify"}
    assert settings.clocks == {}
    assert settings.process is None
    assert settings.clock is None
    assert not settings.read_only
    assert load(settings.path, read_only=True).read_only


def test_everything_that_can_be_said_is_taken(written) -> None:
    path = written(
        """
        process = "ours.toml"
        [me]
        name = " Ana Example "
        email = "ana@example.org"
        [pagerduty]
        api_url = "https://eu.example.org/"
        token_env = "MINE"
        email = "ops@example.org"
        [slack]
        api_url = "https://slack.example.org/api"
        trusted_apps = ["A1", "B2"]
        [freshdesk]
        url = "https://example.freshdesk.com/"
        [people]
        placeholders = ["Rota@Example.org"]
        tech_leads = ["kim@example.org"]
        [clocks]
        update = "1 h 30 min"
        draft = "2 days"
        soon_fraction = 0.5
        [polls]
        slack = 10
        freshdesk = "1 min"
        [keys]
        "incident.acknowledge" = "ctrl+a"
        [ui]
        theme = "nord"
        review_hold = 0
        signals = ["title"]
        timezone = "Europe/Zurich"
        """
    )
    settings = load(path)
    assert settings.process == path.parent / "ours.toml"
    assert settings.me == "Ana Example"
    assert settings.pagerduty.api_url == "https://eu.example.org"
    assert settings.pagerduty.email == "ops@example.org"
    assert settings.slack.api_url == "https://slack.example.org/api/"
    assert settings.slack.trusted_apps == {"A1", "B2"}
    assert settings.freshdesk.url == "https://example.freshdesk.com"
    assert settings.placeholders == {"rota@example.org"}
    assert settings.tech_leads == {"kim@example.org"}
    assert settings.clocks == {"update": timedelta(minutes=90), "draft": timedelta(days=2)}
    assert settings.soon_fraction == 0.5
    assert (settings.polls.pagerduty, settings.polls.slack, settings.polls.freshdesk) == (15, 10, 60)
    assert settings.keys == {"incident.acknowledge": "ctrl+a"}
    assert settings.theme == "nord"
    assert settings.review_hold == 0
    assert settings.signals == {"title"}
    assert settings.local_zone.key == "Europe/Zurich"


def test_communities_and_the_status_card(written) -> None:
    text = MINIMAL.replace("[slack]", "[slack]\nstatus_card = false") + (
        '[communities]\n"rivendell/prod" = { company = "Rivendell University", contacts = ["R@rivendell.example"] }\n'
        'mordor = { company = "Mordor Institute" }\n'
    )
    settings = load(written(text))
    assert settings.communities == {
        "rivendell/prod": Listed("Rivendell University", ("R@rivendell.example",)),
        "mordor": Listed("Mordor Institute"),
    }
    assert settings.status_card is False
    assert load(written(MINIMAL)).status_card is True
    assert load(written(MINIMAL)).communities == {}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('communities = "x"', ["`communities`", "a table"]),
        ('[communities]\nmordor = "Mordor"', ["[communities] `mordor`", "a table such as"]),
        ('[communities]\nmordor = { compny = "M" }', ['communities."mordor"', "`company`"]),
        ('[communities]\nmordor = { contacts = ["nobody"] }', ["`contacts`", "e-mail", "nobody"]),
        ("[communities]\nmordor = {}", ["`company`", "`contacts`"]),
        ('[slack]\nstatus_card = "no"', ["[slack] `status_card`", "true or false"]),
    ],
)
def test_a_wrong_community_or_card_is_refused(written, entry: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        load(written(entry + '\n[me]\nname = "Ana"\n[pagerduty]\n'))
    for word in words:
        assert word in str(raised.value)


def test_writes_are_made_as_me_unless_pagerduty_has_another_address(written) -> None:
    path = written('[me]\nname = "Ana"\nemail = "ana@example.org"\n[pagerduty]\n')
    settings = load(path)
    assert settings.pagerduty.email == "ana@example.org"
    assert settings.slack is None
    assert settings.freshdesk is None


def test_the_clocks_are_those_of_the_process() -> None:
    from cockpit.incident.process import Clocks

    assert {*config.CLOCKS, "soon_fraction"} == {field.name for field in fields(Clocks)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[slak]\n", ["no key `slak`", "Did you mean `slack`"]),
        ("[slack]\ntokn = 'x'\n", ["[slack]", "no key `tokn`", "Did you mean `token`"]),
        ("[freshdesk]\nqqqq = 1\n", ["[freshdesk]", "no key `qqqq`", "api_key_command, api_key_env, url"]),
        ("[clocks]\nupdates = '2h'\n", ["[clocks]", "`updates`", "Did you mean `update`"]),
        ("slack = 'yes'\n", ["`slack` should be a table, [slack], not a text"]),
        ("[[slack]]\n", ["`slack` should be a table, [slack], not a list"]),
        ("keys = 3\n", ["`keys` should be a table, [keys], not a number"]),
        ("[me]\nname = 3\n", ["[me] `name` should be a text in quotes, not a number"]),
        ("[me]\nname = '  '\n", ["[me] `name`", "empty"]),
        ('[me]\nname = "a\\u001bb"\n', ["[me] `name`", "control characters"]),
        ("[me]\nemail = 'x@y.z'\n", ["[me] `name` is missing"]),
        ("[me]\nname = 'a'\nemail = 'nobody'\n", ["[me] `email`", "an e-mail address", '"nobody"']),
        ("[me]\nname = 'a'\n", ["no [pagerduty], [slack] or [freshdesk]"]),
        ("[me]\nname='a'\n[freshdesk]\n", ["[freshdesk] `url` is missing"]),
        ("[me]\nname='a'\n[freshdesk]\nurl='example'\n", ["[freshdesk] `url`", "https://example.org", '"example"']),
        ("[me]\nname='a'\n[freshdesk]\nurl='https://a:b:c'\n", ["[freshdesk] `url`", "a URL such as"]),
        ("[me]\nname='a'\n[slack]\napi_url='http://slack.com/api/'\n", ["[slack] `api_url`", "https", "plain http"]),
        ("[me]\nname='a'\n[slack]\ntrusted_apps='A1'\n", ["[slack] `trusted_apps`", "a list of texts", "not a text"]),
        ("[me]\nname='a'\n[slack]\ntrusted_apps=[1]\n", ["[slack] `trusted_apps`", "a list of texts"]),
        ("[me]\nname='a'\n[slack]\ntoken_command='op read'\n", ["[slack] `token_command`", "a list", "not a text"]),
        ("[me]\nname='a'\n[slack]\ntoken_command=[]\n", ["[slack] `token_command`", "a command"]),
        ("[me]\nname='a'\n[slack]\ntoken='x'\ntoken_env='Y'\n", ["[slack] has `token` and `token_env`", "keep one"]),
        ("[me]\nname='a'\n[slack]\n[people]\ntech_leads=['kim']\n", ["[people] `tech_leads`", '"kim"']),
        ("[me]\nname='a'\n[slack]\n[clocks]\nupdate=2\n", ["[clocks] `update`", '"2h"', "not a number"]),
        ("[me]\nname='a'\n[slack]\n[clocks]\nupdate='2 moons'\n", ["[clocks] `update`", '"2 moons"']),
        ("[me]\nname='a'\n[slack]\n[clocks]\nupdate='9999999 days'\n", ["[clocks] `update`", "at most 36500 days"]),
        ("[me]\nname='a'\n[slack]\n[clocks]\nsoon_fraction=75\n", ["[clocks] `soon_fraction`", "0.99", "75"]),
        ("[me]\nname='a'\n[slack]\n[clocks]\nsoon_fraction=nan\n", ["[clocks] `soon_fraction`", "0.99"]),
        ("[me]\nname='a'\n[slack]\n[polls]\nslack=0.1\n", ["[polls] `slack`", "from 2 to 3600"]),
        pytest.param(
            f"[me]\nname='a'\n[slack]\n[polls]\nslack=1{'0' * 400}\n", ["`slack`", "from 2 to 3600"], id="400 digits"
        ),
        ("[me]\nname='a'\n[slack]\n[polls]\nslack=true\n", ["[polls] `slack`", "not true/false"]),
        ("[me]\nname='a'\n[slack]\n[polls]\nslack='1 s'\n", ["[polls] `slack`", "from 2 to 3600"]),
        ("[me]\nname='a'\n[slack]\n[ui]\nsignals=['beep']\n", ["[ui] `signals`", "bell, title, notify", "beep"]),
        ("[me]\nname='a'\n[slack]\n[ui]\nreview_hold=-1\n", ["[ui] `review_hold`", "from 0 to 60"]),
        ("[me]\nname='a'\n[slack]\n[ui]\ntimezone='Europe/Zurch'\n", ["[ui] `timezone`", 'mean "Europe/Zurich"']),
        ("[me]\nname='a'\n[slack]\n[ui]\ntimezone='../etc'\n", ["[ui] `timezone`", "this machine's own"]),
        ("[me]\nname='a'\n[slack]\n[keys]\nhelp=3\n", ["[keys] `help`", "not a number"]),
        ("[me]\nname='a'\n[slack]\n" + CLOCK, ["[clock]", "every service is on this machine"]),
        (LOOPBACK + "[clock]\nspeed = 2\n", ["[clock] `origin` is missing"]),
        (LOOPBACK + CLOCK.replace("Z\n", "\n"), ["[clock] `origin`", "with a zone"]),
        (LOOPBACK + CLOCK.replace("2026-11-23T15", "soon"), ["[clock] `started`", "with a zone"]),
        (LOOPBACK + CLOCK.replace("2026-11-23T08:46:00Z", "0001-01-01T08:46:00+09:00"), ["[clock] `origin`"]),
        ("[me\n", ["isn't valid TOML", "line 1"]),
        pytest.param(f"x={'9' * 5000}\n", ["isn't valid TOML", "5000 digits"], id="5000 digits"),
        pytest.param(f"x={'[' * 5000}\n", ["isn't valid TOML"], id="5000 brackets"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_what_was_expected(written, text: str, said: list[str]) -> None:
    message = refused(written(text))
    for words in said:
        assert words in message


def test_a_file_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    message = refused(tmp_path / "none.toml")
    assert "No config yet" in message
    assert "`cockpit init`" in message
    assert "`cockpit demo`" in message


def test_the_home_of_a_user_that_there_is_not_is_no_place(monkeypatch: pytest.MonkeyPatch, written) -> None:
    monkeypatch.setenv("COCKPIT_CONFIG", "~nobody-of-that-name/config.toml")
    with pytest.raises(ConfigError, match="~nobody-of-that-name/config.toml doesn't exist"):
        load()
    assert load(written("process = '~nobody-of-that-name/ours.toml'\n" + MINIMAL)).process is not None


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    assert "can't be read" in refused(tmp_path)  # a folder
    path = tmp_path / "latin.toml"
    path.write_bytes(b"[me]\nname = '\xe9'\n")
    assert "UTF-8" in refused(path)


# --- secrets ---------------------------------------------------------------------------------------------------------

SECRETS = [("pagerduty", "token"), ("slack", "token"), ("freshdesk", "api_key")]


def with_secret(name: str, key: str, value: str) -> str:
    text = MINIMAL.replace(f"[{name}]", f"[{name}]\n{key} = {value}")
    assert text != MINIMAL
    return text


def secret_of(settings: config.Settings, name: str) -> Secret:
    service = getattr(settings, name)
    return service.api_key if name == "freshdesk" else service.token


@pytest.mark.parametrize(("name", "key"), SECRETS)
def test_a_secret_has_three_places(written, monkeypatch: pytest.MonkeyPatch, name: str, key: str) -> None:
    in_file = secret_of(load(written(with_secret(name, key, '"from-file"'))), name)
    assert in_file.reveal() == "from-file"

    command = f"[{sys.executable!r}, '-c', 'print(\"from-command\")']"
    assert secret_of(load(written(with_secret(name, f"{key}_command", command))), name).reveal() == "from-command"

    variable = secret_of(load(written(with_secret(name, f"{key}_env", '"MY_OWN"'))), name)
    assert not variable.found
    monkeypatch.setenv("MY_OWN", "from-environment\n")
    assert variable.found
    assert variable.reveal() == "from-environment"

    usual = secret_of(load(written(MINIMAL)), name)
    with pytest.raises(ConfigError, match=f"COCKPIT_{name}_{key}".upper()):
        usual.reveal()
    monkeypatch.setenv(f"COCKPIT_{name}_{key}".upper(), "usual")
    assert usual.reveal() == "usual"
    # A source that the file names is never overruled by what happens to be in the environment.
    assert secret_of(load(written(with_secret(name, key, '"from-file"'))), name).reveal() == "from-file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
@pytest.mark.parametrize(("name", "key"), SECRETS)
def test_a_secret_in_a_file_that_others_can_read_is_refused(written, name: str, key: str, mode: int) -> None:
    path = written(with_secret(name, key, '"hunter2"'), mode)
    message = refused(path)
    assert f"[{name}] `{key}`" in message
    assert f"chmod 600 '{path}'" in message
    assert "hunter2" not in message


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o660, 0o666, 0o777])
@pytest.mark.parametrize(
    "text", [MINIMAL, MINIMAL + "api_key_command = ['cat', 'key']", MINIMAL + "api_key = 'hunter2'"]
)
def test_a_file_that_others_can_change_is_refused_whatever_is_in_it(written, text: str, mode: int) -> None:
    """They could name a command of theirs in it, or an address of theirs for a token from the environment."""
    path = written(text, mode)
    message = refused(path)
    assert "can be changed by others" in message
    assert f"chmod 600 '{path}'" in message
    path.chmod(0o600)
    load(path)


def test_a_file_of_somebody_else_is_refused(written, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(MINIMAL)
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner:
        message = refused(path)
        assert "belongs to somebody else" in message
        assert f"sudo chown {owner + 1} '{path}'" in message
    else:
        load(path)  # root's is everybody's, as with ssh
        os.chown(path, 4711, -1)
        assert "belongs to somebody else" in refused(path)


PASTED = "xoxb-2048-4096-aB3dE6gH9jK2mN5pQ8sT1vWx"
FIELDS = [(table, key) for table, keys in config.KNOWN.items() for key in keys if table]


@pytest.mark.parametrize(("table", "key"), FIELDS, ids=lambda one: str(one))
def test_a_secret_pasted_into_a_wrong_place_is_not_echoed(written, table: str, key: str) -> None:
    document = tomllib.loads(MINIMAL)
    for value in (PASTED, [PASTED], f"https://example.org/?token={PASTED}"):
        path = written(tomli_w.dumps({**document, table: {**document.get(table, {}), key: value}}))
        told = outcome(path)
        assert PASTED not in told or (table, key) in TAKEN, "what can be anything is taken for that"


def outcome(path: Path) -> str:
    """What the file comes to, or what is said of it."""
    try:
        settings = load(path)
        told = [repr(settings), shown(settings)]
        for secret in settings.secrets:
            try:
                secret.reveal()
            except ConfigError as error:
                told.append(str(error))
        return "\n".join(told)
    except ConfigError as error:
        return str(error)


TAKEN = {("me", "name"), ("ui", "theme"), ("slack", "trusted_apps"), ("replies", "internal_hosts")}


def test_the_mode_is_that_of_the_file_behind_a_link(written, tmp_path: Path) -> None:
    path = written(with_secret("slack", "token", '"hunter2"'), 0o644)
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    assert "chmod 600" in refused(link)
    path.chmod(0o600)
    assert load(link).slack.token.reveal() == "hunter2"


@pytest.mark.parametrize("value", ["two words", "lïne", "a\\nb", "  ", ""])
def test_what_can_be_no_token_is_said_without_showing_it(written, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("COCKPIT_SLACK_TOKEN", value.replace("\\n", "\n"))
    secret = load(written(MINIMAL)).slack.token
    with pytest.raises(ConfigError) as caught:
        secret.reveal()
    assert "COCKPIT_SLACK_TOKEN" in str(caught.value)
    if value.strip():
        assert value not in str(caught.value)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["no-such-command-anywhere", "hunter2"], "isn't installed"),
        ([sys.executable, "-c", "import sys; print('hunter2'); sys.exit('vault is locked')"], "vault is locked"),
        ([sys.executable, "-c", "import os, sys; os.write(1, b'\\xff hunter2')"], "isn't text"),
        ([sys.executable, "-c", "'hunter2'"], "is empty"),
        (["/", "hunter2"], "can't be run"),
    ],
)
def test_a_failing_command_tells_why_and_nothing_secret(argv: list[str], said: str) -> None:
    secret = Secret.command(tuple(argv), "[slack] token")
    with pytest.raises(ConfigError) as caught:
        secret.reveal()
    error = caught.value
    assert said in str(error)
    assert "[slack] token" in str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error)).replace(repr(argv), "")
    assert error.__context__ is None


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.secret_command.COMMAND_TIMEOUT", 0.2)
    secret = Secret.command((sys.executable, "-c", "import time; time.sleep(60)"))
    with pytest.raises(ConfigError, match="didn't answer within"):
        secret.reveal()


@pytest.mark.parametrize(
    "secret",
    [
        Secret.literal("hunter2", "[slack] token"),
        Secret.command(("echo", "hunter2"), "[slack] token"),
        Secret.environment("COCKPIT_SLACK_TOKEN", "[slack] token"),
    ],
)
def test_a_secret_is_in_no_way_of_printing_it(monkeypatch: pytest.MonkeyPatch, secret: Secret) -> None:
    monkeypatch.setenv("COCKPIT_SLACK_TOKEN", "hunter2")
    assert secret.reveal() == "hunter2"
    for text in (repr(secret), str(secret), f"{secret}", f"{secret!r:>3}", repr([secret]), secret.where, secret.what):
        assert "hunter2" not in text
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        vars(secret)


def test_settings_print_without_their_secrets(written) -> None:
    settings = load(written(with_secret("slack", "token", '"hunter2"')))
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(replace(settings, read_only=True))


@pytest.mark.parametrize("value", ["1234567890", "['hunter2']", "true", "{ a = 'hunter2' }"])
def test_a_secret_of_the_wrong_type_is_not_echoed(written, value: str) -> None:
    message = refused(written(with_secret("slack", "token", value)))
    assert "[slack] `token` should be a text in quotes" in message
    assert "1234567890" not in message
    assert "hunter2" not in message


@pytest.mark.parametrize(("name", "key"), [("pagerduty", "api_url"), ("slack", "api_url"), ("freshdesk", "url")])
def test_an_address_with_a_password_in_it_is_not_echoed(written, name: str, key: str) -> None:
    text = re.sub(r"url = .*\n", "", MINIMAL) if name == "freshdesk" else MINIMAL
    message = refused(written(text.replace(f"[{name}]", f"[{name}]\n{key} = 'https://u:hunter2@example.org'")))
    assert f"[{name}] `{key}`" in message
    assert "hunter2" not in message


# --- places, time ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:80", True),
        ("http://127.0.0.1", True),
        ("http://127.8.9.10/x", True),
        ("http://[::1]:9", True),
        ("http://127.0.0.1.example.org", False),
        ("http://localhost.example.org", False),
        ("http://10.0.0.1", False),
        ("http://[::2]", False),
    ],
)
def test_only_this_machine_is_loopback(written, url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback
    path = written(f"[me]\nname='a'\n[slack]\napi_url='{url}'\n")
    if loopback:
        assert load(path).slack.api_url == f"{url}/"
    else:
        assert "plain http" in refused(path)


def test_the_sandbox_has_its_own_clock_and_may_be_asked_fast(written) -> None:
    settings = load(written(LOOPBACK + CLOCK + "[polls]\nslack = 0.1\n"))
    assert settings.polls.slack == 0.1
    before, now, after = datetime.now(UTC), settings.now(), datetime.now(UTC)
    origin = datetime(2026, 11, 23, 8, 46, tzinfo=UTC)
    started = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert origin + (before - started) * 20 <= now <= origin + (after - started) * 20


def test_without_a_clock_it_is_now(written) -> None:
    before = datetime.now(UTC)
    assert before <= load(written(MINIMAL)).now() <= datetime.now(UTC)


def test_folders_are_the_users_and_each_sandbox_has_its_own(written, monkeypatch: pytest.MonkeyPatch) -> None:
    real = load(written(MINIMAL))
    one = load(written(LOOPBACK + CLOCK))
    again = load(written(LOOPBACK + CLOCK))
    other = load(written(LOOPBACK + CLOCK.replace("15:00", "16:00")))
    assert real.state_dir.name == "cockpit"
    assert one.state_dir == again.state_dir
    assert len({real.state_dir, one.state_dir, other.state_dir}) == 3
    assert real.cache_dir != real.state_dir
    monkeypatch.setenv("COCKPIT_STATE_DIR", "/somewhere/else")
    assert load(written(LOOPBACK + CLOCK)).state_dir == Path("/somewhere/else")


def test_the_default_path_is_xdgs_or_the_environments(monkeypatch: pytest.MonkeyPatch, written) -> None:
    assert config.default_path().parts[-2:] == ("cockpit", "config.toml")
    path = written(MINIMAL)
    monkeypatch.setenv("COCKPIT_CONFIG", str(path))
    assert config.default_path() == path
    assert load().path == path


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("20min", 1200), ("20 m", 1200), ("3 days", 259200), ("1h 30min", 5400), ("1.5 h", 5400),
     ("1 week", 604800), ("90s", 90)],
)  # fmt: skip
def test_a_duration_reads_as_people_write_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "2", "h", "2 h 3", "-2h", "0 s", "2hours!", "9" * 400 + "d", "2H"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_duration(text)


@given(st.integers(min_value=1, max_value=10**9))
def test_a_duration_that_is_shown_reads_the_same(seconds: int) -> None:
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


def test_reading_the_config_needs_no_network_and_no_interface() -> None:
    code = (
        "import sys, cockpit.config; "
        "print(*sorted({m.split('.')[0] for m in sys.modules} & "
        "{'textual', 'httpx', 'aiohttp', 'pdpyras', 'slack_sdk', 'requests', 'asyncio'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# --- the example -----------------------------------------------------------------------------------------------------

COMMENTED = re.compile(r'^# ("?[\w.]+"?) = \S')


def test_the_example_is_valid_as_it_is(written) -> None:
    settings = load(written(EXAMPLE.read_text(), 0o644))
    assert settings.pagerduty is not None
    assert settings.slack is not None
    assert settings.freshdesk is not None


def test_the_example_has_every_key() -> None:
    seen: dict[str, set[str]] = {"": set()}
    table = ""
    for line in EXAMPLE.read_text().splitlines():
        if header := re.match(r"(?:# )?\[(\w+)\]$", line):
            table = header[1]
            seen[""].add(table)
        elif key := re.match(r"(?:# )?([\w.]+) = \S", line):
            seen.setdefault(table, set()).add(key[1])
    for name, keys in config.KNOWN.items():
        assert seen[name] == set(keys), f"[{name}]"


def _uncommented(number: int) -> str:
    """The example with its line `number` no longer a comment, nor a second place for the same secret left."""
    lines = EXAMPLE.read_text().splitlines()
    key = COMMENTED.match(lines[number])[1]
    lines[number] = lines[number][2:].replace("…", "secret")
    stem = re.match(r"(token|api_key|)", key)[1]
    if stem:
        start = max(n for n in range(number) if lines[n].startswith("["))
        end = next(n for n in range(number, len(lines)) if lines[n].startswith("[") or n == len(lines) - 1)
        for n in range(start, end):
            if n != number and lines[n].startswith(stem):
                lines[n] = "# " + lines[n]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "number", [n for n, line in enumerate(EXAMPLE.read_text().splitlines()) if COMMENTED.match(line)]
)
def test_each_commented_line_of_the_example_is_valid_too(written, number: int) -> None:
    lines = EXAMPLE.read_text().splitlines()
    if number > lines.index("# [clock]"):
        text = LOOPBACK + "\n".join(line[2:] for line in lines[lines.index("# [clock]") :])
    else:
        text = _uncommented(number)
    tomllib.loads(text)
    load(written(text))


def test_the_examples_defaults_are_the_real_ones(written) -> None:
    from cockpit.incident.process import Clocks

    bare = load(written(EXAMPLE.read_text()))
    text = EXAMPLE.read_text()
    for key in (*config.KNOWN["clocks"], *config.KNOWN["polls"], "review_hold", "signals", "api_url", "trusted_apps"):
        text = re.sub(rf"^# ({key} = )", r"\1", text, flags=re.MULTILINE)
    told = load(written(text))
    assert told.polls == bare.polls
    assert told.review_hold == bare.review_hold
    assert told.signals == bare.signals
    assert told.pagerduty.api_url == bare.pagerduty.api_url
    assert told.slack.api_url == bare.slack.api_url
    assert told.slack.trusted_apps == bare.slack.trusted_apps
    clocks = Clocks()
    assert told.clocks == {name: getattr(clocks, name) for name in config.CLOCKS}
    assert told.soon_fraction == clocks.soon_fraction


def test_the_examples_key_is_that_of_something(written) -> None:
    from cockpit.tui.commands import COMMANDS

    text = re.sub(r'^# (acknowledge = "ctrl)', r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    keys = load(written(text)).keys
    assert keys
    assert set(keys) <= {command.id() for command in COMMANDS}
