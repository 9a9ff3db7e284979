"""What the fuzzer found, each as small as it could be made: the promise that was broken, and the text that broke it."""

from __future__ import annotations

FINDS: tuple[tuple[str, str, int], ...] = (
    # a name out of a service began a block of code, and all that followed was in it
    ("filling_a_template", "~~~~", 0),
    ("filling_a_template", "__name__ _x_ |*y*", 0),
    # an address without its scheme is a link to some readers of Markdown
    ("writing_a_cell_of_the_report", "<img src=!//evil.example><e>", 531),
    ("linking_in_the_report", "x <img src>//evil.example/u.p=1|y", 1),
    # a half of a surrogate pair in what a command printed
    ("telling_a_commands_output", "a\ud83db", 1),
)
