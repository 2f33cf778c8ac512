"""Settings are written in one way."""

from __future__ import annotations

import re

import pytest

from rows import each_row
from taotie.answer.asks import ASKS
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.as_set import as_set


@each_row("value", [0.0, 1.0, 28.0, 9999.0, 12_345.0, 85e6, 1.75e9, 0.005, 1e-9, 3.7, 1e20, -5.0])
def test_property_what_is_written_is_read_as_what_was_set(value: float) -> None:
    assert parse_quantity(as_set(value), "1") == pytest.approx(value, rel=1e-12)


def test_worked_no_default_of_an_ask_has_an_empty_decimal_or_an_exponent_of_a_count() -> None:
    shown = {
        (name, one.name): as_set(one.default)
        for name, ask in ASKS.items()
        for one in ask.settings.values()
        if isinstance(one.default, float | bool)
    }
    assert len(shown) > 50
    assert shown[("embed", "params")] == "85\u202f000\u202f000"
    assert [k for k, text in shown.items() if re.search(r"\.0$|e\+0|True|False", text)] == []
