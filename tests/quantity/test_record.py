"""Records: a file computes again to the same bits, and no damage gets through or brings a traceback."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie.errors import ResultError, SamplingError, SourceError
from taotie.fleet.annual_energy import annual_energy_twh
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.record import from_record, recompute, sources_of, to_record
from taotie.quantity.sampling import Sampling, sampling
from taotie.quantity.source import Source

Make = Callable[..., Figure]
SMALL = Sampling(200, 7)
SOURCE = Source(
    "devries2023", "The growing energy footprint", author="A. de Vries", access="quoted"
)


def example() -> list[Figure]:
    """A small chain with every kind of entry: sourced leaf, kernel, sum, profile's peak."""
    with sampling(SMALL.n, SMALL.seed):
        stock = leaf(
            "stock", unit="server", kind="forecast", low=1.2e6, high=1.6e6, source=SOURCE,
            locator="p. 3", bound="central",
        )  # fmt: skip
        power = leaf(
            "power", unit="kW/server", kind="estimated", low=6.5, mode=7.0, high=10.2, note="guess",
            spread="pert",
        )  # fmt: skip
        pue = leaf("pue", unit="1", kind="assumed", low=1.1, mode=1.2, high=1.5, note="typical")
        year = annual_energy_twh(stock, power).named("year", en="Energy in a year", zh="年用电量")
        whole = year.at_boundary("facility", pue).named("facility")
        each = (whole / stock).to("kWh/server/a")
        peak = Figure(
            unit="MW", boundary=None, kind="modelled", operation="peak", formula="highest hour", key="peak",
            parameters={"shapes": [[1.0, 0.5], [0.2, 0.9]]},
            parents=((stock * power).to("MW"), (stock * power * 0.1).to("MW")),
        )  # fmt: skip
        return [whole, each, peak, -(each**0.5)]


def stored(figures: list[Figure]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What comes back from a JSON file."""
    return json.loads(json.dumps([to_record(figures), sources_of(figures)]))


# ---- there and back ---------------------------------------------------------------------------------


def test_worked_a_chain_computes_again() -> None:
    figures = example()
    entries, sources = stored(figures)
    assert recompute(entries, SMALL, sources) == []
    assert recompute(entries, SMALL) == []  # without its sources too
    assert sources["devries2023"]["author"] == "A. de Vries"
    year = entries["year"]
    assert (year["label"], year["label_zh"]) == ("Energy in a year", "年用电量")
    assert year["operation"] == "kernel:taotie.fleet.annual_energy:annual_energy_twh"
    assert year["parameters"]["arguments"]["load_factor"] == 1.0
    assert (year["boundary"], year["unit"], year["kind"]) == ("server", "TWh/a", "forecast")
    assert entries["stock"]["source"] == "devries2023"
    assert entries["stock"]["locator"] == "p. 3"
    assert list(entries).index("stock") < list(entries).index("year")


@given(st.data())
def test_property_any_tree_computes_again(
    trees: st.SearchStrategy[Figure], data: st.DataObject
) -> None:
    figure = data.draw(trees)
    record = to_record([figure])
    assert recompute(record, SMALL) == []
    again = json.loads(json.dumps(record, allow_nan=False))
    assert again == record
    assert recompute(again, SMALL) == []
    made = from_record(again, SMALL)
    assert made[figure.node_id].content_hash == figure.content_hash
    assert np.array_equal(made[figure.node_id].samples, figure.samples)
    assert to_record([made[figure.node_id]]) == record or figure.node_id.startswith("#")


def test_matches_a_new_process_with_another_hash_seed(tmp_path: Path) -> None:
    figures = example()
    path = tmp_path / "result.json"
    path.write_text(json.dumps(stored(figures)))
    code = f"""
import json
from taotie.quantity.record import recompute, from_record
from taotie.quantity.sampling import Sampling
entries, sources = json.load(open({str(path)!r}))
made = from_record(entries, Sampling(200, 7), sources)
print(json.dumps([recompute(entries, Sampling(200, 7), sources), made["peak"].samples.tolist()]))
"""
    for seed in ("1", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == [[], figures[2].samples.tolist()]


def test_property_another_seed_is_reported() -> None:
    entries, sources = stored(example())
    different = recompute(entries, Sampling(200, 8), sources)
    assert any("year: stated" in line for line in different)
    assert not any(line.startswith("#") and "hash" in line for line in different)


def test_error_two_samplings_in_one_record(make: Make) -> None:
    with sampling(200, 1):
        a = make("x", low=1.0, high=2.0)
    with sampling(300, 1):
        b = make("x", low=1.0, high=2.0)
    with pytest.raises(SamplingError, match="one record"):
        to_record([a, b])
    with sampling(200, 1):
        assert recompute(to_record([a * 2, make("k", value=1.0)]), Sampling(200, 1)) == []


def test_error_one_name_for_two_figures(make: Make) -> None:
    x = make("x", low=1.0, high=2.0)
    with pytest.raises(ResultError, match="total stands for two"):
        to_record([(x * 2).named("total"), (x * 3).named("total")])
    with pytest.raises(SourceError, match="x stands for two"):
        to_record([x * 2, make("x", low=1.0, high=3.0) * 2])


def test_worked_a_record_is_a_copy(make: Make) -> None:
    figure = exact(2.0, "kWh") + exact(3.0, "MWh")
    record = to_record([figure])
    record[figure.node_id]["parameters"]["factor"] = 7.0
    assert figure.parameters["factor"] == 1000.0
    assert figure.p50 == 3002.0


def test_worked_long_chains(make: Make) -> None:
    with sampling(100, 1):
        figure = make("x", low=1.0, high=2.0)
        for _ in range(1200):  # deeper than Python calls itself
            figure = figure + 1.0
        assert recompute(to_record([figure]), Sampling(100, 1)) == []


# ---- damage --------------------------------------------------------------------------------------------


def noticed(entries: Any, sources: Any = None) -> bool:
    """Is the damage refused, or reported as a difference? Anything else is a failure of the test."""
    try:
        return recompute(entries, SMALL, sources) != []
    except ResultError:
        return True


JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 10**400, float("nan"), float("inf"), "", "x", "server", "kernel:os:system", [], ["x"],
    [[1.0]], {}, {"a": 1}, [None], {"arguments": {}}, {"spread": "exact"}, {"factor": "2"}, {"factor": 1e300},
]  # fmt: skip
# what a reader is told, but nothing is computed from
WORDS = {"label", "label_zh", "formula", "locator", "note"}


def test_property_every_deleted_field_is_noticed() -> None:
    entries, sources = stored(example())
    for key, entry in entries.items():
        for field in entry:
            if field in WORDS:
                continue
            damaged = copy.deepcopy(entries)
            del damaged[key][field]
            assert noticed(damaged, sources) or (field == "source" and entry[field] is None), (
                key,
                field,
            )
    for key in entries:
        damaged = copy.deepcopy(entries)
        del damaged[key]
        used = any(key in e["inputs"] for e in damaged.values())
        assert noticed(damaged, sources) == used


@given(st.data())
def test_property_every_altered_field_is_noticed(data: st.DataObject) -> None:
    entries, sources = ENTRIES
    damaged = copy.deepcopy(entries)
    key = data.draw(st.sampled_from(sorted(entries)))
    place: Any = damaged[key]
    path = [data.draw(st.sampled_from(sorted(place)))]
    while isinstance(place[path[-1]], dict) and place[path[-1]] and data.draw(st.booleans()):
        place = place[path[-1]]
        path.append(data.draw(st.sampled_from(sorted(place))))
    before, after = place[path[-1]], data.draw(st.sampled_from(JUNK))
    place[path[-1]] = after
    same = type(before) is type(after) and before == after
    empty = not before and not after and not isinstance(after, dict | float)
    found = noticed(damaged, sources)
    assert found or same or empty or path[0] in WORDS, (key, path, before, after)


ENTRIES = stored(example())


@each_row(
    "operation",
    [
        "kernel:os:system", "kernel:builtins:eval", "kernel:taotie.errors:nearest", "kernel:taotie:Figure",
        "kernel:taotie.app.cli.__main__:main", "kernel:taotie.no_such_room.x:f", "kernel:subprocess:run",
        "kernel:taotie.fleet.annual_energy:no_such", "kernel:taotie..fleet:x", "kernel:taotie.fleet/../x:y",
        "kernel:taotie.fleet.annual_energy:annual_energy_twh.__globals__", "kernel:", "kernel", "kernel::",
        "power", "__import__('os').system('true')", "", "eval", None, 3, ["mul"],
    ],
)  # fmt: skip
def test_error_unknown_operations(operation: Any) -> None:
    entries, sources = copy.deepcopy(ENTRIES)
    entries["year"]["operation"] = operation
    before = set(sys.modules)
    assert noticed(entries, sources)
    assert not {"os_system_called", "taotie.app.cli.__main__"} & (set(sys.modules) - before)


def test_error_cycles() -> None:
    entries, sources = copy.deepcopy(ENTRIES)
    entries["year"]["inputs"] = ["facility", "power"]
    with pytest.raises(ResultError, match="depends on itself"):
        from_record(entries, SMALL, sources)
    entries["year"]["inputs"] = ["year", "year"]
    with pytest.raises(ResultError, match="depends on itself"):
        from_record(entries, SMALL, sources)


def test_error_an_input_that_is_missing() -> None:
    entries, sources = copy.deepcopy(ENTRIES)
    entries["year"]["inputs"] = ["stock", "elsewhere"]
    with pytest.raises(ResultError, match="elsewhere is named as an input but missing"):
        from_record(entries, SMALL, sources)


@each_row("entries", [None, [], 5, "x", {"a": None}, {"a": []}, {"a": 5}, {"a": {}}])
def test_error_no_record_at_all(entries: Any) -> None:
    assert noticed(entries) or entries == {}


@each_row(
    "sources",
    [{"devries2023": None}, {"devries2023": []}, {"devries2023": {}}, {"devries2023": {"title": 5}},
     {"devries2023": {"title": "x", "access": "heard"}}, {"devries2023": {"title": "x", "access": "read", "y": 1}}],
)  # fmt: skip
def test_error_damaged_sources(sources: Any) -> None:
    with pytest.raises(ResultError):
        recompute(ENTRIES[0], SMALL, sources)


def test_error_a_changed_unit_is_reported() -> None:
    """The numbers still agree; a thousand times the energy must not pass."""
    entries, sources = copy.deepcopy(ENTRIES)
    entries["power"]["unit"] = "W/server"
    assert any(
        "power: the entry was changed" in line for line in recompute(entries, SMALL, sources)
    )


@each_row("seed", range(20))
def test_error_many_damages_at_once(seed: int) -> None:
    rng = random.Random(seed)
    entries, sources = copy.deepcopy(ENTRIES)
    for _ in range(5):
        entry = entries[rng.choice(sorted(entries))]
        entry[rng.choice(sorted(set(entry) - WORDS) or ["unit"])] = rng.choice(JUNK)
    assert noticed(entries, sources)


def test_error_too_many_figures() -> None:
    with pytest.raises(ResultError, match="more than a result holds"):
        from_record({str(i): {} for i in range(100_001)}, SMALL)
