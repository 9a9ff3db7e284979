"""Untrusted text made safe for a terminal, cut to size, compared; and Slack's mrkdwn both ways.

HTML and Markdown live next door, in `markup`.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_MARKS_IN_A_ROW = 4
_TAB = "    "
_NAMELESS: Mapping[str, str] = MappingProxyType({})

# ECMA-48. A string's payload stops at every other control, so that each character is looked at once
# whatever the text, and so that an unterminated string costs its introducer only: what follows stays
# readable.
_SEQUENCE = re.compile(
    r"(?:\x1b[\]P_^X]|[\x9d\x90\x9f\x9e\x98])[^\x07\x18\x1a\x1b\x80-\x9f]*+(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]{0,64}+[ -/]{0,8}+[@-~]"
    r"|\x1b[ -/]{0,8}+[0-~]"
)
_NEWLINE = re.compile("\r\n?|[\u2028\u2029]")
# C0 but the newline, DEL, C1, and what Unicode calls default-ignorable (bidi controls, zero-width, fillers,
# tags) with the interlinear annotations; variation selectors 1 to 16 stay, emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BROKEN = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# No combining mark is a word character, so any stack lies within such a run; few other things do.
_PERHAPS_STACKED = re.compile(rf"[^\w\x00-\x7f]{{{_MARKS_IN_A_ROW + 1},}}")

_EVERYONE = re.compile(r"<!(?:here|channel|everyone)(?:\|[^<>]*)?>|(?<!\w)@(?:here|channel|everyone)(?!\w)", re.I)

_EMOJI: Mapping[str, str] = MappingProxyType(
    {
        "+1": "👍", "-1": "👎", "thumbsup": "👍", "thumbsdown": "👎", "ok_hand": "👌", "wave": "👋",
        "pray": "🙏", "clap": "👏", "raised_hands": "🙌", "muscle": "💪", "point_up": "☝", "eyes": "👀",
        "fire": "🔥", "firefighter": "🧑🚒", "fire_engine": "🚒", "rotating_light": "🚨", "warning": "⚠",
        "no_entry": "⛔", "x": "❌", "white_check_mark": "✅", "heavy_check_mark": "✔",
        "ballot_box_with_check": "☑", "question": "❓", "exclamation": "❗", "bangbang": "‼",
        "red_circle": "🔴", "large_green_circle": "🟢", "large_yellow_circle": "🟡",
        "large_orange_circle": "🟠", "green_heart": "💚", "heart": "❤", "tada": "🎉", "sparkles": "✨",
        "rocket": "🚀", "bug": "🐛", "wrench": "🔧", "hammer_and_wrench": "🛠", "gear": "⚙",
        "construction": "🚧", "mag": "🔍", "bulb": "💡", "memo": "📝", "pushpin": "📌", "link": "🔗",
        "lock": "🔒", "bell": "🔔", "mega": "📣", "loudspeaker": "📢", "telephone_receiver": "📞",
        "pager": "📟", "ticket": "🎫", "chart_with_upwards_trend": "📈", "chart_with_downwards_trend": "📉",
        "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "stopwatch": "⏱", "alarm_clock": "⏰",
        "coffee": "☕", "zzz": "💤", "thinking_face": "🤔", "smile": "😄", "slightly_smiling_face": "🙂",
        "sweat_smile": "😅", "joy": "😂", "cry": "😢", "sob": "😭", "scream": "😱", "facepalm": "🤦",
        "shrug": "🤷", "face_with_monocle": "🧐", "point_right": "👉", "arrow_up": "⬆", "arrow_down": "⬇",
        "arrow_right": "➡", "100": "💯",
    }
)  # fmt: skip
# Not between letters or digits: `root:x:0:0` is a line of /etc/passwd.
_SLACK = re.compile(
    r"<([^<>]+)>|(?<![^\W_]):(" + "|".join(map(re.escape, _EMOJI)) + r"):(?::skin-tone-[2-6]:)?(?![^\W_])"
)
_LINK = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)


def clean(text: str) -> str:
    """`text` with all that could command a terminal, hide or reorder what a person reads, taken out.

    Complete escape sequences go with their payload (7-bit and 8-bit introducers); of an unterminated one
    only the introducer goes. Then the other controls, bidi controls and invisible characters (the joiners
    too: joined emoji fall apart into their parts). A tab becomes four spaces; every kind of line end `\\n`,
    the only control in what is returned. Lone surrogates and noncharacters become U+FFFD; private use stays.
    At most four combining marks stay in a row. Idempotent; linear in the length of `text`.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    text = _NEWLINE.sub("\n", _SEQUENCE.sub("", text)).replace("\t", _TAB)
    text = _UNSEEN.sub("", text)
    if text.isascii():
        return text
    return _PERHAPS_STACKED.sub(_unstacked, _BROKEN.sub("\ufffd", text))


def _unstacked(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


def one_line(text: str, limit: int = 200) -> str:
    """`text` cleaned and on one line of at most `limit` characters, ending in `…` where it was cut."""
    line = " ".join(clean(text).split())
    if len(line) <= limit:
        return line
    return line[: limit - 1].rstrip() + "…" if limit > 0 else ""


def bounded(text: str, limit: int) -> str:
    """`text` cleaned, lines kept, at most `limit` characters, the last line telling how many were left out.

    It is cut at the end of a line where one is near. A limit too small for that last line leaves a bare `…`.
    """
    text = clean(text)
    if len(text) <= limit:
        return text
    room = limit - len(_left_out(len(text)))
    if room <= 0:
        return text[: limit - 1] + "…" if limit > 0 else ""
    near = text.rfind("\n", room * 3 // 4, room + 1)
    kept = text[: near if near >= 0 else room].rstrip()
    return kept + _left_out(len(text) - len(kept))


def _left_out(characters: int) -> str:
    return f"\n… ({characters:,} more characters)"


def composed(text: str) -> str:
    """`text` with each accent in its letter (NFC): a service keeps a name as it was typed, in one form or the other."""
    return unicodedata.normalize("NFC", text)


def squash(text: str) -> str:
    """The canonical form by which the same content is known again after a service reformatted it.

    Cleaned, NFC, every run of white space one space, none at the ends. Case is kept. Idempotent.
    """
    # Cleaned before too: normalising a long stack of marks takes time in the square of its length.
    return " ".join(clean(composed(clean(text))).split())


def everyone_in(text: str) -> str | None:
    """What in `text`, typed or in Slack's wire form, would call everyone: here, channel or everyone, in any case.

    Looked for in the text as it is and as it is when cleaned, since a hidden character could part the word.
    """
    found = _EVERYONE.search(text) or _EVERYONE.search(clean(text))
    return found[0] if found else None


def to_slack(text: str) -> str:
    """`text` escaped for Slack: `&`, `<` and `>`, nothing else (Slack's "Formatting text")."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def from_slack(text: str, names: Mapping[str, str] = _NAMELESS) -> str:
    """Slack's wire form as plain, cleaned text.

    `names` gives the name for an id (user, channel or user group), without `@` or `#`; it goes before the
    name in the text, which may be old. An id without a name stands for itself. A link reads `label (url)`.
    The marks of bold and code stay, as people type them. `from_slack(to_slack(t)) == clean(t)` for a `t`
    without emoji codes.
    """

    def shown(match: re.Match[str]) -> str:
        token, emoji = match.groups()
        if emoji:
            return _EMOJI[emoji]
        body, _, label = token.partition("|")
        match body[0] if body else "":
            case "@" | "#" as sign if body[1:]:
                name = to_slack(names[body[1:]]) if body[1:] in names else label or body[1:]
                return sign + name.removeprefix(sign)
            case "!" if body[1:]:
                return _special(body[1:], label, names)
            case _ if _LINK.match(body):
                return linked(label, body)
            case _:
                return match[0]

    text = _SLACK.sub(shown, text)
    return clean(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def _special(command: str, label: str, names: Mapping[str, str]) -> str:
    """What stands between `<!` and `>`, in wire form still."""
    kind, *details = command.split("^")
    if kind == "date" and details:
        return label or _utc(details[0])
    if kind == "subteam" and details:
        name = to_slack(names[details[0]]) if details[0] in names else label or details[0]
        return "@" + name.removeprefix("@")
    if kind in ("here", "channel", "everyone"):
        return "@" + kind
    return label or command


def _utc(seconds: str) -> str:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return seconds


def linked(label: str, url: str) -> str:
    """A link in plain text: `label (url)`, or the label alone where it says the same as `url` (without its
    scheme).

    A mail address is shown without its `mailto:`.
    """
    target = url[7:] if url[:7].lower() == "mailto:" else url
    label = label.strip()
    if not label:
        return target
    return label if _bare(label) == _bare(target) else f"{label} ({target})"


def _bare(url: str) -> str:
    return re.sub(r"^(?:https?://|mailto:)", "", url, flags=re.I).removesuffix("/")
