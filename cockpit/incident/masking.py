"""What looks like a secret in a command or its output, masked before it is written down anywhere.

Only the look is judged: a secret that looks like an ordinary word is not known for one, and a harmless word may look
like a secret. Where in doubt it is masked, since a note in a channel can't be taken back.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from cockpit.incident.secret_forms import MASK

_WORDS = frozenset(
    {
        *("password", "passwd", "passphrase", "passwort", "pass", "pwd", "secret", "secrets", "token", "apikey"),
        *("authtoken", "accesstoken", "credential", "credentials", "bearer", "auth", "authorization", "cookie"),
        *("privatekey", "secretkey", "accesskey", "webhook", "otp", "pin", "sas", "dsn"),
    }
)
_KEYS = frozenset({"api", "access", "secret", "private", "encryption", "signing", "master", "shared", "account"})
"""Before `key` these words make a secret of it: `api_key`."""

_HARMLESS = frozenset(
    {
        *("file", "path", "stdin", "name", "env", "ttl", "type", "count", "length", "id", "url", "uri", "dir"),
        *("lifetime", "expiry", "expiration", "expires", "limit", "policy", "store", "endpoint", "ref", "version"),
        *("method", "mode", "hash", "fd", "prompt", "provider", "source", "from", "key-id", "algorithm", "manager"),
    }
)
"""As the last word of a name these say that the value isn't the secret itself: `--token-file`."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def secretive(name: str) -> bool:
    """Whether a flag, variable or field of that name is likely to hold a secret: `DB_PASSWORD`, `--api-key`."""
    parts = [part.lower() for part in _PART.findall(name)]
    while parts and parts[-1].isdigit():
        parts.pop()
    if not parts or parts[-1] in _HARMLESS:
        return False
    if any(part in _WORDS for part in parts):
        return True
    if any(one in _KEYS and two == "key" for one, two in pairwise(parts)):
        return True
    # Run together, as in PGPASSWORD and client_apikey.
    return any(part.endswith(("password", "passwd", "secret", "token", "apikey")) for part in parts)


# --- in any text -----------------------------------------------------------------------------------------------------

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)", re.S
)
_SHAPES = re.compile(
    r"xox[a-z]-[\w-]{6,}|xapp-[\w-]{6,}|xoxe\.[\w.-]{6,}"  # Slack
    r"|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{12,}|gldt-[\w-]{12,}"
    r"|(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}|AIza[\w-]{20,}|ya29\.[\w.-]{10,}"
    r"|\b(?:sk|rk|pk)[-_](?:live|test|proj|ant)?[-_]?[\w-]{16,}|SG\.[\w-]{10,}\.[\w-]{10,}"
    r"|npm_\w{20,}|pypi-[\w-]{16,}|hv[sb]\.[\w-]{16,}|dop_v1_\w{16,}|dckr_pat_[\w-]{16,}|hf_\w{20,}"
    r"|AGE-SECRET-KEY-1\w{10,}"
    r"|eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)*"  # a JSON Web Token
    r"|(?<=hooks\.slack\.com/services/)[\w/]{10,}"
)
_USERINFO = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]{0,20}://[^\s/:@'\"]*:)[^\s/'\"]+(?=@)", re.I)
_TOKEN_USER = re.compile(r"(?P<head>\bhttps?://)[^\s/:@'\"]{16,}(?=@)", re.I)
_SCHEMES = r"(?:bearer|basic|token|digest|negotiate|apikey|splunk|genie)"
_HEADER = re.compile(
    rf"(?P<head>\b(?:proxy-)?authorization\s*[:=]\s*(?:{_SCHEMES}\s+)?)(?!{_SCHEMES}\b)[^\s'\",]+"
    rf"|(?P<bare>\b(?:bearer|basic)\s+)(?=\S*[\d+/=_~])[\w.~+/=-]{{8,}}"
    r"|(?P<cookie>\b(?:set-)?cookie\s*:\s*)[^\r\n'\"]+",
    re.I,
)
# name=value, name: value, "name": "value"; the value in quotes, or up to what ends one in a command, URL or JSON.
_NAME = re.compile(r"""(?P<name>(?<![\w-])-{0,2}[A-Za-z_][\w.-]{0,79})\\?["']?[ \t]{0,4}(?::=|[=:])[ \t]{0,4}(?!//)""")
_VALUE = re.compile(r"""\\?"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'&;,|]+""")
_FLAG = re.compile(
    r"""(?P<name>(?<![\w-])--[A-Za-z][\w-]{1,79})(?P<sep>\s{1,8})(?P<value>"[^"\n]*"|'[^'\n]*'|[^\s"'&;|]+)"""
)
_LONG = re.compile(r"[A-Za-z0-9+_~-]{20,}={0,2}")
_DIGEST = re.compile(r"\b(?:sha\d{1,3}|md5|blake\w{1,4})[:-]$", re.I)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
_LOOKS_LIKE_FLAG = re.compile(r"--?[A-Za-z][\w-]*(?:=.*)?|--?", re.S)


def masked(text: str) -> str:
    """`text` with what looks like a secret masked. Idempotent."""
    text = _PRIVATE_KEY.sub(MASK, text)
    text = _HEADER.sub(lambda found: (found["head"] or found["bare"] or found["cookie"]) + MASK, text)
    text = _USERINFO.sub(lambda found: found["head"] + MASK, text)
    text = _TOKEN_USER.sub(lambda found: found["head"] + MASK, text)
    text = _SHAPES.sub(MASK, text)
    text = _fields(text)
    text = _FLAG.sub(_flag, text)
    return _LONG.sub(lambda found: _long(found, text), text)


def _fields(text: str) -> str:
    """Mask the values of fields whose name is likely to hold a secret, also of one inside another's value."""
    parts: list[str] = []
    done = 0
    for found in _NAME.finditer(text):
        value = _VALUE.match(text, found.end()) if found.end() > done and secretive(found["name"]) else None
        # Of “Authorization: Bearer …” the header's own pattern has masked what follows.
        if value is not None and not re.fullmatch(_SCHEMES, value[0], re.I):
            parts += [text[done : value.start()], _in_quotes(value[0])]
            done = value.end()
    return "".join((*parts, text[done:]))


def _in_quotes(value: str) -> str:
    """The mask, in the value's own quotes."""
    quote = re.match(r"\\?[\"']", value)
    return MASK if quote is None else quote[0] + MASK + quote[0]


def _flag(found: re.Match[str]) -> str:
    name, value = found["name"], found["value"]
    if not secretive(name) or _LOOKS_LIKE_FLAG.fullmatch(value):
        return found[0]
    return name + found["sep"] + _in_quotes(value)


def _long(found: re.Match[str], text: str) -> str:
    """Mask a long run of characters that nobody would make up."""
    run = found[0]
    if _DIGEST.search(text, max(0, found.start() - 12), found.start()) or _UUID.fullmatch(run):
        return run
    return MASK if random_looking(run) else run


def random_looking(run: str) -> bool:
    """Whether a long word looks drawn by lot: long hexadecimal, or letters of both cases and digits well mixed."""
    core = run.strip("=-_~+")
    if len(core) < 20:
        return False
    digits = sum(character.isdigit() for character in core)
    letters = sum(character.isalpha() for character in core)
    if not digits or not letters:
        return False
    lower, upper = any(map(str.islower, core)), any(map(str.isupper, core))
    if lower != upper:
        # Names in a cluster are such words with hyphens in them; a key is one piece.
        return len(core) >= 32 and core.isalnum() and digits >= 4
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" if c.islower() else "s" for c in core]
    changes = sum(one != two for one, two in pairwise(kinds))
    return changes / (len(core) - 1) > 0.4


# --- in a command ----------------------------------------------------------------------------------------------------

_NEXT: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"), frozenset({"-p"})),
        **dict.fromkeys(("mongo", "mongosh", "mongodump", "docker", "podman", "helm", "az", "sshpass", "oc"),
                        frozenset({"-p"})),
        **dict.fromkeys(("redis-cli", "kcat"), frozenset({"-a"})),
        **dict.fromkeys(("ldapsearch", "ldapmodify", "ldapadd"), frozenset({"-w"})),
    }
)  # fmt: skip
"""Programs whose short flag takes a password."""

_LOGINS = frozenset({"login"})
"""Of these programs `-p` is a password only with one of these words: elsewhere `docker run -p` is a port."""

_BY_WORD = frozenset({"docker", "podman", "helm", "az", "oc"})
_GLUED_ONLY = frozenset({"mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"})
"""Of these, `-p` alone asks, and the next word is the database."""

_USER_FLAGS = frozenset({"-u", "--user", "-U", "--proxy-user"})
"""What may take `user:password`."""

_PLAIN_P = frozenset(
    {
        *("print", "print0", "printf", "prune", "path", "perm", "pty", "parallel", "parallelism", "port", "ports"),
        *("project", "pretty", "profile", "plan", "plugin", "plugins", "prefix", "progress", "proto", "provider"),
    }
)
"""Long flags with one hyphen, as `find -print` has."""


def masked_command(argv: Sequence[str]) -> tuple[str, ...]:
    """The words of a command, each with what looks like a secret masked. As many as before."""
    program = argv[0].rsplit("/", 1)[-1] if argv else ""
    takes = _NEXT.get(program, frozenset())
    if program in _BY_WORD and not _LOGINS & set(argv):
        takes = frozenset()
    words: list[str] = []
    before = ""
    for word in argv:
        words.append(_word(word, before, program, takes) if words else masked(word))
        before = word
    return tuple(words)


def _word(word: str, before: str, program: str, takes: Iterable[str]) -> str:
    if before in takes and program not in _GLUED_ONLY:
        return MASK
    if before.startswith("--") and "=" not in before and secretive(before) and not _LOOKS_LIKE_FLAG.fullmatch(word):
        return MASK
    if before in _USER_FLAGS and (at := word.find(":")) > 0 and not word.startswith("/") and word[at + 1 :]:
        return word[: at + 1] + MASK if not re.fullmatch(r"\d+:\d+", word) else word
    if any(word.startswith(flag) and word != flag for flag in takes):
        return word[:2] + MASK
    # One whole word is one value: what would end it in a text doesn't here.
    whole = re.fullmatch(r"(-{0,2}[A-Za-z_][\w.-]*)=(.+)", word, re.S)
    if whole is not None and secretive(whole[1]):
        return f"{whole[1]}={MASK}"
    glued = re.fullmatch(r"-p(\S{4,})", word)
    if glued is not None and re.split(r"[=:]", word[1:])[0] not in _PLAIN_P and re.search(r"[^\d:./,-]", glued[1]):
        return f"-p{MASK}"
    return masked(word)


def spelled(argv: Sequence[str]) -> str:
    """The command as it would be typed, with what looks like a secret masked.

    A single word with spaces in it is a line for the shell, and stands as it is.
    """
    if len(argv) == 1:
        return masked(argv[0])
    return " ".join(map(_quoted, masked_command(argv)))


def _quoted(word: str) -> str:
    # The mask needs no quotes: nobody is meant to run it.
    plain = word.replace(MASK, "x")
    if shlex.quote(plain) == plain:
        return word
    return f'"{word}"' if "'" in word and not re.search(r'["$`\\!]', word) else shlex.quote(word)
