"""Patterns made when they are first used: the same answers as the library's, and every one of ours can be made."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module

import pytest

import taotie.audit
import taotie.quantity
from taotie.words import patterns


def test_worked_a_pattern_answers_as_the_librarys_own() -> None:
    late = LATE
    own = re.compile(late.pattern, re.IGNORECASE)
    text = "40 kWh, then 3 MWh and 7 W"
    assert [m["n"] for m in late.finditer(text)] == [m["n"] for m in own.finditer(text)]
    assert late.sub("x", text) == own.sub("x", text)
    assert late.match(text, 8) is None
    assert (late.flags, late.groupindex, late.groups) == (own.flags, own.groupindex, own.groups)


BROKEN = patterns.compile("(never closed")


def test_limit_a_pattern_is_made_at_its_first_use_and_only_then() -> None:
    assert BROKEN.pattern == "(never closed"
    with pytest.raises(re.error):
        BROKEN.search("")


LATE = patterns.compile(r"(?P<n>[0-9]+)\s?(?:k|m)?wh\b", patterns.IGNORECASE)
WHERE = patterns.compile("kept [a-z]+ here")


def test_property_a_used_pattern_is_the_librarys_own_under_its_name() -> None:
    first = WHERE
    assert not isinstance(first, re.Pattern)
    assert first.search("it is kept right here")
    assert isinstance(WHERE, re.Pattern)
    assert first.search("it is kept right here")  # who holds the first is answered as well


def test_property_every_pattern_of_the_reader_can_be_made() -> None:
    for package in (taotie.audit, taotie.quantity):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            import_module(module.name)
    ours = list(patterns._KNOWN)
    assert len(ours) > 300, len(ours)
    for pattern, flags, module in ours:
        if module != __name__:
            re.compile(pattern, flags)


def test_limit_what_a_function_asks_for_is_not_kept() -> None:
    before = len(patterns._KNOWN)
    made = [patterns.compile(f"word{i}") for i in range(50)]
    assert len(patterns._KNOWN) == before
    assert all(type(one) is re.Pattern for one in made)
