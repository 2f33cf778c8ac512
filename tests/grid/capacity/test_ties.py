"""What is named where several pairs, buses or units tie must not hang on the last digit of a processor.

Another processor adds in another order; here the reactances carry noise of that size instead.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from taotie.grid.capacity.hosting_capacity import hosting_capacity_at_bus, load_hosting_capacity
from taotie.grid.capacity.limiting import best_by_pair, limiting_pairs
from taotie.grid.capacity.redispatch import redispatched_capacity
from taotie.grid.case.case import Case, read_case

WAYS = ("strict", "margin", "cutoff")


def _noisy(case: Case, seed: int) -> Case:
    """The case with every reactance off by some units of its last digit."""
    branch = case.branch.copy()
    branch[:, 3] *= 1 + 4e-16 * np.random.default_rng(seed).integers(-3, 4, len(branch))
    return replace(case, branch=branch)


@pytest.mark.parametrize("name", ["case30", "case39", "case24_ieee_rts"])
def test_property_the_same_pair_is_named(name: str) -> None:
    case = read_case(name)
    found = load_hosting_capacity(case)
    for seed in range(4):
        other = load_hosting_capacity(_noisy(case, seed))
        for way in WAYS:
            a, b = found[way], other[way]
            np.testing.assert_array_equal(a.binding_branch, b.binding_branch)
            np.testing.assert_array_equal(a.binding_outage, b.binding_outage)
            assert limiting_pairs(found, way) == limiting_pairs(other, way)
            assert best_by_pair(found, way, 10) == best_by_pair(other, way, 10)


def test_property_one_bus_and_all_buses_name_the_same_pair() -> None:
    case = read_case("case30")
    found = load_hosting_capacity(case)
    for row in range(0, case.n_bus, 3):
        one = hosting_capacity_at_bus(case, int(case.bus_number[row]))
        for way in ("margin", "cutoff"):
            pair = found[way].binding_branch[row], found[way].binding_outage[row]
            assert one.binding[way] == pair, (row, way)


def test_property_the_same_units_move() -> None:
    case = read_case("case30")
    found = redispatched_capacity(case)
    for seed in range(3):
        other = redispatched_capacity(_noisy(case, seed))
        np.testing.assert_array_equal(found.binding_branch, other.binding_branch)
        np.testing.assert_array_equal(found.binding_outage, other.binding_outage)
        for row in range(case.n_bus):
            assert [m.unit for m in found.moved(row)] == [m.unit for m in other.moved(row)]
