"""Claims files: a second article needs only a second file; everything wrong is named with claim, field and way out."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.audit.article import audit_claims
from taotie.audit.claim import ClaimError
from taotie.audit.claims_file import claims_from, find, read_claims
from taotie.errors import TaotieError

SECOND = """
[article]
outlet = "Example weekly"
title = "Second article"
date = 2025-01-02
counted = ["lamp"]

[source.note]
title = "A note of ours"
access = "read"

[[claim]]
id = "lamps"
says_en = "One megawatt-hour lights 100,000 lamps for an hour."
system = "context"
kind = "computed"
stated = { value = 100000, unit = "lamp" }
formula = "energy / (power * 1 h)"
[claim.inputs]
energy = { value = 1, unit = "MWh", source = "note" }
power = { value = 10, unit = "W/lamp", source = "note" }

[[claim]]
id = "chat"
says_zh = "每次回答耗电2.9千瓦时。"
system = "chat"
kind = "computed"
stated = { value = "2.90", unit = "千瓦时/次" }
formula = "devries2023.daily_energy_chatgpt / requests"
[claim.inputs]
requests = { figure = "devries2023.requests_per_day_chatgpt" }

[[claim]]
id = "said"
says_en = "It was said in May."
system = "context"
kind = "documented"
verdict = "inconsistent with source"
note_en = "It was in June."
sources = ["note"]
"""


SHIPPED = find("article").read_text(encoding="utf-8")


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "second.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_worked_second_article_needs_only_a_second_file(tmp_path: Path) -> None:
    text = SECOND.replace("devries2023.daily_energy_chatgpt", "day").replace(
        "[claim.inputs]\nrequests",
        '[claim.inputs]\nday = { figure = "devries2023.daily_energy_chatgpt" }\nrequests',
    )
    audit = audit_claims(write(tmp_path, text))
    assert [r.verdict for r in audit.results] == [
        "reproduces", "unit error", "inconsistent with source",
    ]  # fmt: skip
    stated = audit.article.claim("chat").stated
    assert stated is not None
    assert stated.tol == pytest.approx(0.005)  # written "2.90", so half of the second decimal


def test_worked_find() -> None:
    assert find("article").name == "article_2024_04_09.toml"
    assert find("article_2024_04_09") == find("article")
    with pytest.raises(ClaimError, match="no claims file"):
        find("no_such_article")


def test_worked_per_enters_the_quantity() -> None:
    values = tomllib.loads(SECOND)
    values["claim"] = [values["claim"][0]]
    values["claim"][0]["stated"] = {"value": 10, "unit": "Wh", "per": "1000 lamp"}
    stated = claims_from(values).claims[0].stated
    assert stated is not None
    assert (stated.value, stated.unit.text) == (pytest.approx(0.01), "Wh/lamp")


def changed(field: str, value: object, claim: int = 0) -> dict[str, object]:
    values = tomllib.loads(SECOND.replace("devries2023.daily_energy_chatgpt", "requests"))
    table = values["claim"][claim]
    *way, last = field.split(".")
    for step in way:
        table = table[step]
    if value is None:
        del table[last]
    else:
        table[last] = value
    return values


@each_row(
    ("field", "value", "claim", "says"),
    [
        ("id", None, 0, ["no. 1", "id", "missing"]),
        ("id", "a b", 0, ["id", "'a b'"]),
        ("id", "chat", 0, ["chat", "twice"]),
        ("says_en", None, 0, ["lamps", "says_en", "missing"]),
        ("system", None, 0, ["lamps", "system", "missing"]),
        ("kind", None, 0, ["lamps", "kind", "missing"]),
        ("kind", "guessed", 0, ["lamps", "kind", "guessed"]),
        ("formula", None, 0, ["lamps", "formula", "missing"]),
        ("stated", None, 0, ["lamps", "stated", "missing"]),
        ("stated.unit", None, 0, ["lamps", "stated.unit", "missing"]),
        ("stated.unit", "furlong", 0, ["lamps", "stated.unit", "furlong"]),
        ("stated.value", None, 0, ["lamps", "stated.value", "missing"]),
        ("stated.value", "many", 0, ["lamps", "stated.value", "many"]),
        ("stated.value", float("nan"), 0, ["lamps", "stated.value", "finite"]),
        ("stated.value", "٣", 0, ["lamps", "stated.value", "U+0663"]),
        ("stated.hedge", "roughly", 0, ["lamps", "hedge", "roughly"]),
        ("stated.tol", -1, 0, ["lamps", "stated", "negative"]),
        ("stated.per", "0 lamp", 0, ["lamps", "stated.per", "zero"]),
        ("stated.colour", "red", 0, ["lamps", "stated.colour", "unknown field"]),
        ("colour", "red", 0, ["lamps", "colour", "unknown field"]),
        ("formula", "energi / (power * 1 h)", 0, ["lamps", "formula", "energi"]),
        ("formula", "energy.real", 0, ["lamps", "formula", "attributes"]),
        ("formula", "energy / 0", 0, ["lamps", "formula", "division by zero"]),
        ("formula", "energy + power", 0, ["lamps", "formula", "cannot be added"]),
        ("formula", "9 ** 9 ** 9", 0, ["lamps", "formula", "exponent"]),
        ("inputs.energy", 3, 0, ["lamps", "inputs.energy", "not a table"]),
        ("inputs.energy.unit", "MWj", 0, ["lamps", "inputs.energy.unit", "MWj"]),
        ("inputs.energy.source", None, 0, ["lamps", "inputs.energy.source", "missing"]),
        ("inputs.energy.source", "nowhere", 0, ["lamps", "inputs.energy.source", "nowhere"]),
        ("inputs.energy.value", None, 0, ["lamps", "inputs.energy.value", "missing"]),
        ("inputs.requests.figure", "devries2023.nothing", 1, ["chat", "inputs.requests.figure", "nothing"]),
        ("verdict", "reproduces", 0, ["lamps", "verdict", "stores no verdict"]),
        ("verdict", None, 2, ["said", "verdict", "missing"]),
        ("verdict", "wrong", 2, ["said", "verdict", "'wrong'"]),
        ("sources", None, 2, ["said", "sources", "missing"]),
        ("sources", ["nobody"], 2, ["said", "sources", "nobody"]),
        ("note_en", None, 2, ["said", "note_en", "missing"]),
        ("line", "eleven", 0, ["lamps", "line"]),
        ("says_en", "x" * 1001, 0, ["lamps", "says_en", "1000"]),
    ],
)  # fmt: skip
def test_error_names_claim_field_and_way_out(
    field: str, value: object, claim: int, says: list[str]
) -> None:
    with pytest.raises(ClaimError) as caught:
        audit_claims(claims_from(changed(field, value, claim), "second.toml"))
    for word in ["second.toml", *says]:
        assert word in caught.value.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no [[claim]]"),
        ("claim = 3", "no [[claim]]"),
        ("[[claim", "not TOML"),
        ("[articel]\n", "articel"),
        ("[article]\ncolour = 1\n", "colour"),
        ('[article]\ncounted = ["A b"]\n', "counted"),
        ("[source.x]\nauthor = 'a'\n[[claim]]\nid='a'", "source.x"),
        ("[[claim]]\nid = 3", "not a text"),
    ],
)
def test_error_files(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ClaimError) as caught:
        read_claims(write(tmp_path, text))
    assert says in caught.value.message
    assert "second.toml" in caught.value.message


def test_error_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "second.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ClaimError, match="cannot be read"):
        read_claims(path)


def test_error_large_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "#" * 4_000_001)
    with pytest.raises(ClaimError, match="at most 500000 B"):
        read_claims(path)


JUNK = (
    None, 0, -1, 1e308, math.nan, math.inf, "", "x", " ", [], {}, {"value": 1}, ["a"], True, "0 request", "1/0",
    "a.b.c", "../../etc/passwd", "万亿", "\x00", {"figure": 3}, {"figure": "accelerators/h100-sxm/label"},
    {"between": ["devries2023.servers_2027", "nasa_moon.mean_distance"]}, {"between": []}, 10**400,
)  # fmt: skip


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Ways to every value inside nested tables and lists."""
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in pairs:
        yield (*way, key)
        yield from places(inner, (*way, key))


@given(data=st.data())
def test_property_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    values = tomllib.loads(SHIPPED)
    values["claim"] = [data.draw(st.sampled_from(values["claim"]))]
    *way, last = data.draw(st.sampled_from(list(places(values))))
    table: Any = values
    for step in way:
        table = table[step]
    table[last] = data.draw(st.sampled_from(JUNK))
    try:
        said = str(audit_claims(claims_from(values)).to_json())
    except TaotieError as error:
        said = error.message
    assert said


def test_error_unknown_claim() -> None:
    with pytest.raises(TaotieError) as caught:
        read_claims().claim("h100-42mw")
    assert "h100-42mwh" in caught.value.hint
