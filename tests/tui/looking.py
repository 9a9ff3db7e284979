"""What a person would read on the screen."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.geometry import Region


def text_in(app: App[Any], selector: str = "Screen") -> str:
    """The text in a part of the top screen, borders and all, line by line."""
    region: Region = app.screen.region if selector == "Screen" else app.screen.query_one(selector).region
    lines = app.screen._compositor.render_strips(app.size)
    shown = lines[region.y : region.bottom]
    return "\n".join(strip.crop(region.x, region.right).text.rstrip() for strip in shown)


def running_text(app: App[Any], selector: str) -> str:
    """The same as one line of words, without borders and line breaks."""
    return " ".join(text_in(app, selector).translate(str.maketrans("│╭╮╰╯─", "      ")).split())
