"""Capacity with units tripping: worked by hand, equal to solving the grid anew without each unit."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import CaseError, RangeError
from taotie.grid.capacity.hosting_capacity import (
    TREATMENTS,
    Binding,
    binding_label,
    hosting_capacity_at_bus,
    load_hosting_capacity,
)
from taotie.grid.case.case import Case, read_case
from taotie.grid.flow.contingency import contingency_table

sys.path.insert(0, str(Path(__file__).parent))
from grid_plain_loop import refactorized, units_tripped
from test_hosting_capacity import NAMES, bus, line, random_case, relative, unit


def test_worked_the_near_unit_trips_and_the_line_must_bring_all():
    """A city of 80 MW with a unit of 60 MW of its own and one line of 100 MW to the other unit.

    Both units have the same Pmax. Intact, 20 MW come in and new load brings half by the line: 160 MW fit.
    Without the city's unit the line brings all 80 MW and all new load: 20 MW fit.
    """
    case = Case("two units", 100.0, [bus(1, kind=3), bus(2, 80.0)],
                [unit(1, 20.0, 200.0), unit(2, 60.0, 200.0)], [line(1, 2, rate=100.0)])  # fmt: skip
    without = hosting_capacity_at_bus(case, 2)
    assert without.n1_mw["strict"] == pytest.approx(160.0)
    found = hosting_capacity_at_bus(case, 2, units=[0, 1])
    assert found.n1_mw["strict"] == pytest.approx(20.0)
    assert found.n0_mw["strict"] == pytest.approx(160.0)
    assert found.binding["strict"] == Binding(0, case.n_branch + 1)
    assert "unit 2 at bus 2" in found.binding_label["strict"]


@pytest.mark.parametrize("name", ["RTS_GMLC", "case24_ieee_rts", "ACTIVSg200"])
def test_matches_solving_without_each_unit(name):
    case = read_case(name)
    units = np.flatnonzero(case.gen_on)
    start = load_hosting_capacity(case)
    plain = units_tripped(
        case, TREATMENTS, units, np.array([start[w].load_hosting_capacity_mw for w in NAMES])
    )
    found = load_hosting_capacity(case, units=units)
    lower = 0
    for w, way in enumerate(NAMES):
        ours = found[way].load_hosting_capacity_mw
        assert relative(ours, np.where(plain[w] < 1e-6, 0, plain[w])) < 1e-9
        by_unit = found[way].binding_outage >= case.n_branch
        fell = ours < start[way].load_hosting_capacity_mw
        assert (by_unit == fell).all()
        lower += int(fell.sum())
    assert lower > 0, "no unit ever binds: the test would see nothing"


@given(st.integers(0, 10**6))
def test_property_random_grids_match_and_only_fall(seed):
    case = random_case(seed, negative=0.0)
    try:
        start = load_hosting_capacity(case)
    except CaseError:
        return
    expected = units_tripped(case, TREATMENTS, [0, 1, 2], refactorized(case, TREATMENTS))
    found = load_hosting_capacity(case, units=[0, 1, 2])
    rows = range(0, case.n_bus, 5)
    alone = [hosting_capacity_at_bus(case, int(case.bus_number[r]), units=[0, 1, 2]) for r in rows]
    for w, way in enumerate(NAMES):
        assert relative(found[way].load_hosting_capacity_mw, expected[w]) < 1e-6
        assert (
            found[way].load_hosting_capacity_mw <= start[way].load_hosting_capacity_mw * (1 + 1e-12)
        ).all()
        for row, one in zip(rows, alone, strict=True):
            assert relative(
                np.array([one.n1_mw[way]]), found[way].load_hosting_capacity_mw[[row]]
            ) < 1e-9  # fmt: skip


def test_property_the_binding_unit_reproduces_the_figure():
    """With the unit switched off beforehand, the branch alone gives the same MW in the intact grid."""
    case = read_case("RTS_GMLC")
    found = load_hosting_capacity(case, units=np.flatnonzero(case.gen_on)).margin
    rows = np.flatnonzero(
        (found.binding_outage >= case.n_branch) & (found.load_hosting_capacity_mw > 1)
    )
    assert rows.size
    for row in rows[:5]:
        gen = case.gen.copy()
        gen[found.binding_outage[row] - case.n_branch, 7] = 0
        lost = Case(case.name, case.base_mva, case.bus, gen, case.branch, dcline=case.dcline)
        again = load_hosting_capacity(lost, outages=[]).margin
        assert again.load_hosting_capacity_mw[row] == pytest.approx(
            found.load_hosting_capacity_mw[row], rel=1e-9
        )
        label = binding_label(
            case, Binding(int(found.binding_branch[row]), int(found.binding_outage[row]))
        )
        assert "unit" in label


def test_property_bit_for_bit_whatever_the_threads():
    case = read_case("ACTIVSg500")
    units = contingency_table(case).units
    one = load_hosting_capacity(case, units=units, n_threads=1)
    two = load_hosting_capacity(case, units=units, n_threads=2)
    for way in NAMES:
        assert (one[way].load_hosting_capacity_mw == two[way].load_hosting_capacity_mw).all()
        assert (one[way].binding_outage == two[way].binding_outage).all()


def test_worked_the_only_unit_is_left_out():
    """Its loss ends the island; nothing is to be said of capacity then."""
    case = Case("one", 100.0, [bus(1, kind=3), bus(2)], [unit(1)], [line(1, 2, rate=100.0)])
    found = hosting_capacity_at_bus(case, 2, units=[0])
    assert found.n1_mw == hosting_capacity_at_bus(case, 2).n1_mw


def test_error_unit_row_that_does_not_exist():
    case = Case("one", 100.0, [bus(1, kind=3), bus(2)], [unit(1)], [line(1, 2, rate=100.0)])
    with pytest.raises(RangeError, match="rows 0 to 0"):
        load_hosting_capacity(case, units=[3])


def test_published_tables_list_branches_and_units():
    texas = contingency_table(read_case("ACTIVSg2000"))
    assert (len(texas.branches), len(texas.units), texas.n_left_out) == (3190, 544, 0)
    with pytest.raises(CaseError, match="no contingency table"):
        contingency_table(read_case("case39"))
