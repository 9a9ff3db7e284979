"""A secret goes only where it is safe, and is never seen on the way."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from cockpit.services.address import Secret, checked_address, is_loopback, loops_back
from cockpit.services.freshdesk import Freshdesk
from cockpit.services.pagerduty import PagerDuty
from cockpit.services.slack import Slack

SECRET = "xoxb-s3cr3t-0123456789"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.pagerduty.com", "https://api.pagerduty.com"),
        ("https://api.eu.pagerduty.com/", "https://api.eu.pagerduty.com"),
        (" https://slack.com/api/ ", "https://slack.com/api"),
        ("http://127.0.0.1:8080/pagerduty", "http://127.0.0.1:8080/pagerduty"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://localhost:1/", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_worth_trusting_is_kept(url: str, kept: str) -> None:
    assert checked_address(url, "the url") == kept


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://api.pagerduty.com", "plain http"),
        ("http://localhost.example.org", "plain http"),
        ("http://127.0.0.1.example.org", "plain http"),
        ("http://10.0.0.1", "plain http"),
        ("http://0.0.0.0", "plain http"),
        ("http://2130706433", "plain http"),
        ("http://0x7f000001", "plain http"),
        ("http://0177.0.0.1", "plain http"),
        ("http://127.1", "plain http"),
        ("http://127.0.0.1.", "plain http"),
        ("http://127.0.0.1%2eexample.org", "plain http"),
        ("http://127.0.0.1\\.example.org", "plain http"),
        ("http://[::2]", "plain http"),
        ("http://localhost@example.org", "user or a password"),
        ("http://127.0.0.1:80@example.org", "user or a password"),
        ("http://example.org\\@127.0.0.1", "user or a password"),
        ("ftp://127.0.0.1", "https://"),
        ("example.freshdesk.com", "isn't an address"),
        ("", "isn't an address"),
        ("https://", "isn't an address"),
        ("https://[::1", "isn't an address"),
        ("https://host:port", "isn't an address"),
        ("https://user:hunter2@example.org", "user or a password"),
        ("https://example.org/?a=hunter2", "query"),
        ("https://example.org/#hunter2", "fragment"),
    ],
)
def test_any_other_is_refused_in_a_sentence(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        checked_address(url, "the url")
    assert "hunter2" not in str(caught.value)


def test_loopback_is_this_machine_only() -> None:
    assert is_loopback("LOCALHOST")
    assert is_loopback("::1")
    assert not is_loopback("localhost.")
    assert loops_back("http://127.0.0.1:99/x")
    assert not loops_back("https://slack.com/api")


@pytest.mark.parametrize(
    "make",
    [
        lambda url: PagerDuty(SECRET, "ana@example.org", api_url=url),
        lambda url: Slack(SECRET, url),
        lambda url: Freshdesk(url, SECRET),
    ],
)
def test_every_client_refuses_plain_http_without_showing_its_secret(make) -> None:
    with pytest.raises(ValueError, match="plain http") as caught:
        make("http://services.example.org")
    assert SECRET not in _with_locals(caught.value, "cockpit")
    client = make("https://services.example.org")
    assert SECRET not in repr(client) + str(client) + repr(vars(client))


@pytest.mark.parametrize("bad", ["", "  ", "two words", "sneaky\r\nX-Header: 1", "schlüssel", "a\x00b"])
def test_what_cannot_be_a_secret_is_refused_without_being_shown(bad: str) -> None:
    value = bad and SECRET + bad + SECRET
    with pytest.raises(ValueError, match="Slack token") as caught:
        Slack(value)
    assert SECRET not in _with_locals(caught.value, "cockpit")


def test_a_secret_is_not_printed_copied_or_stored() -> None:
    secret = Secret(f" {SECRET}\n", "token")
    secret.check()
    assert secret.reveal() == SECRET
    assert SECRET not in f"{secret} {secret!r} {[secret]}"
    assert secret.scrub(f"token {SECRET}!") == "token •••!"
    for store in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError, match="stored"):
            store(secret)


def _with_locals(error: BaseException, package: str) -> str:
    """The traceback as a pretty printer shows it: with the local values of the frames within `package`."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    text = [str(error)]
    for frame in shown.stack:
        if f"/{package}/" in frame.filename:
            text.extend(f"{name}={value}" for name, value in (frame.locals or {}).items())
    return "\n".join(text)
