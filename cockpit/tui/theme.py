"""The cockpit's own theme: dark and calm, so that the one thing that is late stands out."""

from __future__ import annotations

from textual.theme import Theme

THEME = Theme(
    name="cockpit",
    primary="#7aa7d9",
    secondary="#6fb7b0",
    accent="#b79adf",
    warning="#e0b265",
    error="#ee7f78",
    success="#8cc48a",
    foreground="#d3dae4",
    background="#10141a",
    surface="#161b23",
    panel="#1d242e",
    dark=True,
    variables={
        "text-primary": "#8fb8e6",
        "text-secondary": "#7fc4bd",
        "text-accent": "#c3aaea",
        "text-warning": "#e6bd78",
        "text-error": "#f28f88",
        "text-success": "#97cd95",
        "text-muted": "#8793a3",
        "text-disabled": "#566171",
        "border": "#7aa7d9",
        "border-blurred": "#2f3a48",
        "block-cursor-background": "#2a3a4f",
        "block-cursor-foreground": "#e8eef6",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#1d242e",
        "input-selection-background": "#7aa7d9 30%",
        "scrollbar": "#2f3a48",
        "scrollbar-hover": "#435164",
        "scrollbar-active": "#5a6b82",
        "scrollbar-background": "#10141a",
        "scrollbar-background-hover": "#10141a",
        "scrollbar-background-active": "#10141a",
        "footer-key-foreground": "#8fb8e6",
    },
)
