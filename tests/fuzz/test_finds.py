"""The promises hold of what once broke them, and of the corpus."""

from __future__ import annotations

import pytest

from tests.fuzz.finds import FINDS
from tests.fuzz.properties import PROPERTIES, Property
from tests.hostile.nasties import NASTIES

BY_NAME = {promise.__name__: promise for promise in PROPERTIES}


@pytest.mark.parametrize(("name", "text", "dice"), FINDS)
def test_what_was_found_is_mended(name: str, text: str, dice: int) -> None:
    BY_NAME[name](text, dice)


@pytest.mark.parametrize("promise", PROPERTIES, ids=lambda one: one.__name__)
def test_the_corpus_keeps_every_promise(promise: Property) -> None:
    for dice, text in enumerate(NASTIES.values()):
        promise(text[:400], dice)
