"""How deep, how long, what connection: worked cases, and a slower search that must agree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import DataError, RangeError
from taotie.grid.coal_delay import coal_delay_t
from taotie.grid.flexibility import (
    WorkClass,
    cut_depth,
    flexible_connection,
    read_room,
    value_of_computing,
)


def work(training=0.5, batch=0.2, cap=0.0, waits=6.0, idle=0.15):
    return (
        WorkClass("training", training, math.inf, cap, idle), WorkClass("batch", batch, waits, 0.0, idle),
        WorkClass("interactive", 1 - training - batch, 0.0),
    )  # fmt: skip


def test_worked_depth():
    assert cut_depth(work(), 4.0)[0] == pytest.approx(0.7 * 0.85)
    assert cut_depth(work(), 8.0)[0] == pytest.approx(
        0.5 * 0.85
    )  # past the deadline of what may wait
    with_battery, parts = cut_depth(work(), 8.0, 0.3, 2.0)
    assert with_battery == pytest.approx(0.5 * 0.85 + 0.3 * 2 / 8)
    assert parts[-1].name == "battery"


def test_published_cap_of_training():
    """420 of 700 W: 60 % of the power, 77 % of the speed."""
    depth, parts = cut_depth(
        (WorkClass("training", 1.0, math.inf, 0.6),), 3.0, static_share=120 / 700
    )
    assert depth == pytest.approx(0.4)
    assert parts[0].slowdown == pytest.approx(1 - 0.7682, abs=5e-5)


@given(st.floats(0.1, 48), st.floats(0.1, 48), st.floats(0, 1), st.floats(0, 10))
def test_property_longer_cuts_are_never_deeper(a, b, battery, lasts):
    short, long = sorted((a, b))
    assert (
        cut_depth(work(), long, battery, lasts)[0]
        <= cut_depth(work(), short, battery, lasts)[0] + 1e-12
    )


@given(
    st.lists(st.floats(0, 100), min_size=10, max_size=60), st.floats(0, 1), st.floats(0, 12), st.floats(0, 4000), st.floats(0, 0.5)
)  # fmt: skip
def test_property_a_flexible_connection_keeps_its_limits(room, depth, hours, calls, energy):
    fit = flexible_connection(room, depth, hours, calls, energy)
    assert fit.flexible_mw >= fit.firm_mw == min(room)
    assert fit.deepest <= depth + 1e-6
    assert fit.longest_h <= hours + 1e-9
    assert fit.calls <= calls + 1e-6
    assert fit.cut_mwh <= energy * fit.flexible_mw * 8760 * (1 + 1e-6) + 1e-6
    more = flexible_connection(room, min(depth + 0.1, 1.0), hours + 1, calls + 500, min(energy + 0.1, 1.0))  # fmt: skip
    assert more.flexible_mw >= fit.flexible_mw - 1e-6


def test_worked_connection():
    room = np.array([100.0] * 20 + [60.0] * 4)
    fit = flexible_connection(room, 0.4, 4.0, 400)
    assert (fit.firm_mw, fit.binding) == (60.0, "duration")
    assert fit.flexible_mw == pytest.approx(100)
    assert fit.hours == pytest.approx(4 * 365)
    assert flexible_connection(room, 0.2, 4.0, 400).flexible_mw == pytest.approx(75)  # 60/(1-0.2)
    assert flexible_connection(room, 0.4, 3.0, 400).flexible_mw == pytest.approx(60)
    assert flexible_connection(room, 0.4, 4.0, 100).flexible_mw == pytest.approx(60)


def test_matches_energy_limit_of_the_headroom_room():
    """With nothing but the energy limited, it is the curtailable capacity."""
    rng = np.random.default_rng(5)
    room = 50 + 50 * rng.random(8760)
    fit = flexible_connection(room, 1.0, 1e9, 1e9, 0.01)
    assert fit.flexible_mw == pytest.approx(fit.energy_only_mw, rel=1e-6)


def test_published_coal_delay():
    assert float(coal_delay_t(1000, 1, 0.5, 0.944, 0.341)) / 1e6 == pytest.approx(2.64, abs=5e-3)
    assert float(coal_delay_t(1000, 1, 0.5, 0.944, 0.0)) / 1e6 == pytest.approx(4.13, abs=6e-3)
    with pytest.raises(RangeError, match="above 1"):
        coal_delay_t(1000, 1, 50, 0.944, 0.0)


def test_error_flexibility(tmp_path):
    with pytest.raises(RangeError, match="add to"):
        cut_depth((WorkClass("a", 0.5, 1.0),), 4.0)
    with pytest.raises(RangeError, match="not 0 h"):
        cut_depth(work(), 0.0)
    with pytest.raises(RangeError, match="not between"):
        cut_depth(work(cap=0.1), 4.0)
    with pytest.raises(RangeError, match="leaves 0"):
        flexible_connection([1.0, 2.0], 25, 4, 50)
    with pytest.raises(RangeError):
        value_of_computing(2.0, 0.0)
    path = tmp_path / "r.csv"
    path.write_text("hour,mw\n0,1\n")
    with pytest.raises(DataError, match="neither a column"):
        read_room(path)
    path.write_text("load_mw\n10\n40\n")
    room, peak = read_room(path)
    assert room.tolist() == [30, 0]
    assert peak == 40
