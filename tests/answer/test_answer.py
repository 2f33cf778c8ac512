"""One answer for every door: its JSON, its rows, what it refuses."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from taotie.answer.answer import RESERVED, Answer, Column, Series, Table, plain
from taotie.quantity.catalog import figure
from taotie.quantity.figure import leaf
from taotie.words.language import N_, speaking
from taotie.words.said import Said


def _answer() -> Answer:
    power = leaf("power", low=1, high=3, unit="MW", boundary="facility", kind="assumed", note="x")
    return Answer(
        "example",
        {"bus": 3, "pue": 1.2},
        {"power": power, "published": figure("devries2023.energy_per_request_chatgpt")},
        series={"load": Series("MW", 1.0, {"mean": np.array([1.0, math.nan])})},
        tables={"buses": Table((Column("bus"), Column("firm_mw", "MW")), ((1, 2.5), (2, None)))},
        said=(Said("example.note", N_("requests"), {}),),
        own={"verdict": "right"},
    )


def test_worked_json_has_the_ten_keys_and_its_own() -> None:
    made = _answer().to_dict()
    assert set(RESERVED) <= set(made)
    assert made["verdict"] == "right"
    assert made["tables"]["buses"]["columns"][1] == {"name": "firm_mw", "unit": "MW"}
    assert made["tables"]["buses"]["rows"] == [[1, 2.5], [2, None]]
    assert made["series"]["load"]["mean"] == [1.0, None]
    assert made["figures"]["published"]["source"] == "devries2023"
    assert "devries2023" in made["sources"]
    json.dumps(made, allow_nan=False)


def test_matches_json_of_plain_values_in_every_byte() -> None:
    from taotie.answer.asking import ask

    # a number that is not finite, an array, a sentence; then a whole tree, asked twice
    for answer in (_answer(), *(ask("prompt", tokens_in=n, samples=500) for n in (300, 301))):
        text = json.dumps(answer.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
        assert answer.to_json() == text + "\n"


def test_worked_rows_say_value_range_unit_boundary_kind() -> None:
    power, published = _answer().shown()
    assert (power.unit, power.boundary, power.kind) == ("MW", "facility", "assumed")
    assert power.range
    assert published.value == "at most 2.9"
    with speaking("zh"):
        assert _answer().shown()[0].kind != "assumed"


def test_worked_a_value_of_a_sentence_may_be_said_itself() -> None:
    inner = Said("inner", N_("strict"), {})
    outer = Said("outer", "{what}!", {"what": inner})
    assert outer.text("en") == "strict!"
    assert outer.text("zh") != "strict!"


def test_error_keys_that_every_answer_has_and_ragged_rows() -> None:
    with pytest.raises(ValueError, match="figures"):
        Answer("x", own={"figures": 1})
    with pytest.raises(ValueError, match="2 columns"):
        Table((Column("a"), Column("b")), ((1,),))


def test_worked_plain_values() -> None:
    assert plain({"a": np.float64(2.0), "b": (1, math.inf), "c": np.arange(2)}) == {
        "a": 2.0,
        "b": [1, None],
        "c": [0, 1],
    }
