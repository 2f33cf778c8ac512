"""The same calculation with other numbers: as if made anew in every bit and word, and written around its numbers."""

from __future__ import annotations

import json

import pytest

from taotie.files.json_text import json_text
from taotie.quantity.exchange import Exchange
from taotie.quantity.figure import Figure, exact, leaf, topological
from taotie.quantity.record import to_record
from taotie.quantity.sampling import sampling


def _day(requests: float, batch: float) -> Figure:
    each = leaf(
        "each", low=1.0, high=3.0, unit="Wh/request", kind="assumed", note='"quoted", 引号\u2028',
        label={"en": "Each", "zh": "每次"}, boundary="server",
    )  # fmt: skip
    count = exact(requests, "request/d", "requests")
    return (each * count / exact(batch, "1", f"batch_{batch:g}")).named("day", en="Day", zh="日")


def _both(requests: float) -> dict[str, Figure]:
    return {f"at_{b:g}": _day(requests, b).named(f"at_{b:g}") for b in (2.0, 4.0)}


@pytest.mark.parametrize("depth", [1, 3])
def test_matches_made_anew_and_written_in_full(depth: int):
    with sampling(333, 5):
        exchange = Exchange(_both(1.0), ("requests",))
        for requests in (7.0, 1e6 / 3.0):
            made, anew = exchange.made({"requests": requests}), _both(requests)
            entries = to_record(made.values(), shared=True)
            expected = to_record(anew.values())
            assert list(entries) == list(expected)
            for key, entry in entries.items():
                assert dict(entry) == expected[key]
                lines = json.dumps({"x": expected[key]}, ensure_ascii=False, indent=1).replace("\n", "\n" + (depth - 1) * " ")  # fmt: skip
                assert f'"x": {entry.text_at(depth + 1)}' in lines
            assert json_text(entries) == json.dumps(expected, ensure_ascii=False, indent=1)


def test_property_what_trees_have_alike_is_one_figure():
    with sampling(100, 5):
        exchange = Exchange(_both(1.0), ("requests",))
        apart = topological(_both(3.0).values())
        made = topological(exchange.made({"requests": 3.0}).values())
    assert len(made) == len({node.node_id for node in apart}) < len(apart)
    assert {node.node_id for node in made} == {node.node_id for node in apart}


def test_property_a_named_copy_is_written_with_its_own_words():
    with sampling(100, 5):
        day = Exchange({"day": _day(1.0, 2.0)}, ("requests",)).made({"requests": 2.0})["day"]
        first = json_text(to_record([day], shared=True))
        other = day.named("other", en="Other")
        text = json_text(to_record([other], shared=True))
    assert '"Other"' in text
    assert '"Other"' not in first
    assert json.loads(text) == to_record([other])
