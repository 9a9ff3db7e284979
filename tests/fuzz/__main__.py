"""`python -m tests.fuzz --seconds 3600`: fuzz, tell what was found; exit 1 if a promise was broken."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.properties import PROPERTIES
from tests.fuzz.reading import written
from tests.hostile.nasties import NASTIES, everything

HANGS = 600
"""Seconds after which an input is one that never ends, even on a busy machine; the target measures what is slow."""


def seeded(corpus: Path) -> None:
    """Each piece of the corpus for each property, and all of them at once."""
    texts = [*NASTIES.values(), everything()]
    for index in range(len(PROPERTIES)):
        for number, text in enumerate(texts):
            data = written(index, text[:4000], dice=(index * 7 + number * 13) % 65536)
            (corpus / f"seed-{index}-{number}").write_bytes(data)


def dictionary(path: Path) -> None:
    """The pieces that hostile text is made of, for the mutator."""
    pieces = {word for text in NASTIES.values() for word in text.split() if len(word) <= 40}
    pieces |= {"\x1b]", "\x1b\\", "\x9d", "\u202e", "\u200b", "<!--", "-->", "<![", "&#", "](", "```", "|", "\x1f", "⟦"}
    lines = ["".join(f"\\x{byte:02x}" for byte in piece.encode("utf-8", "surrogatepass")) for piece in sorted(pieces)]
    path.write_text("".join(f'"{line}"\n' for line in lines))


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=3600, metavar="N", help="how long")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the fuzzer's dice")
    parser.add_argument("--finds", type=Path, help="where inputs that break a promise are kept (default: thrown away)")
    given = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        corpus, pieces = Path(folder, "corpus"), Path(folder, "pieces.dict")
        finds = given.finds or Path(folder, "finds")
        corpus.mkdir()
        finds.mkdir(parents=True, exist_ok=True)
        seeded(corpus)
        dictionary(pieces)
        seeds = len(list(corpus.iterdir()))
        options = [
            f"-max_total_time={given.seconds}", f"-seed={given.seed}", f"-dict={pieces}", f"-timeout={HANGS}",
            "-report_slow_units=600", "-max_len=6000", "-len_control=0", "-rss_limit_mb=4096", "-print_final_stats=1",
            f"-artifact_prefix={finds}/", str(corpus),
        ]  # fmt: skip
        code = subprocess.run([sys.executable, "-m", "tests.fuzz.target", str(finds), *options], check=False).returncode
        broken = sorted(one.name for one in finds.iterdir() if one.suffix != ".txt")
        grown = len(list(corpus.iterdir()))
        print(f"{len(PROPERTIES)} properties; {seeds} seeds, {grown} in the corpus at the end", end="; ")
        print(f"{time.monotonic() - begun:.0f} s; {len(broken)} broken")
        for name in broken:
            print(f"  {name}")
    return 1 if broken or code else 0


if __name__ == "__main__":
    sys.exit(main())
