"""Which pair limits most buses."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.grid.capacity.hosting_capacity import (
    TREATMENTS,
    HostingCapacityByTreatment,
    load_hosting_capacity,
)
from taotie.grid.capacity.limiting import best_by_pair, limiting_pairs, pair_words
from taotie.grid.case.case import Case, read_case

ROW = [0, 0, 0, 0, 1, 1, 0, 230, 1, 1.1, 0.9]


@pytest.fixture(scope="module")
def found() -> HostingCapacityByTreatment:
    return load_hosting_capacity(read_case("RTS_GMLC"))


def test_worked_two_lines_limit_the_bus_behind_them():
    two = Case(
        "two", 100.0, bus=[[1, 3, *ROW], [2, 1, *ROW]], gen=[[1, 0, 0, 0, 0, 1, 100, 1, 500, 0]],
        branch=[[1, 2, 0, 0.1, 0, 100, 0, 0, 0, 0, 1]] * 2,
    )  # fmt: skip
    found = load_hosting_capacity(two)
    pairs = limiting_pairs(found, "strict")
    assert sum(p.buses for p in pairs) == 2
    words = [pair_words(found, p) for p in pairs]
    assert any("1-2 #2 when 1-2 #1 is lost" in w or "1-2 #1 when 1-2 #2" in w for w in words)
    assert any("the cap of" in w for w in words)
    assert best_by_pair(found, "strict", 1) == [1]


@pytest.mark.parametrize("way", [t.name for t in TREATMENTS])
def test_property_counts_add_up_and_fall(found, way):
    pairs = limiting_pairs(found, way)
    counts = [p.buses for p in pairs]
    assert sum(counts) == 73
    assert counts == sorted(counts, reverse=True)
    assert len({p[:2] for p in pairs}) == len(pairs)


def test_property_chosen_buses_are_the_best_of_different_pairs(found):
    buses = best_by_pair(found, "margin", 5)
    assert len(set(buses)) == len(buses) == 5
    rows = found.case.rows_of_bus(buses)
    one = found.margin
    mw = one.load_hosting_capacity_mw[rows]
    assert (np.diff(mw) <= 0).all()
    assert found.n1_supply[rows].all()
    pairs = {(int(one.binding_branch[r]), int(one.binding_outage[r])) for r in rows}
    assert len(pairs) == 5
    for row in rows:
        same = (one.binding_branch == one.binding_branch[row]) & (
            one.binding_outage == one.binding_outage[row]
        )
        assert one.load_hosting_capacity_mw[same & found.n1_supply].max() == pytest.approx(
            one.load_hosting_capacity_mw[row]
        )
