"""Counters differenced, powers integrated: wraps, resets, gaps; nothing unseen is filled in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import MeterError
from taotie.metering.channel import ABSENT, DENIED, Channel, Reading, chosen, to_raw
from taotie.metering.steps import KINDS, Readings, delta, integrated, steps
from taotie.metering.window import course_uj, energy_window, windows_between

S = 10**9
XEON = Channel("rapl", "uJ", "package", modulus=262143328850)
EPYC = Channel("rapl", "uJ", "package", modulus=65532610987, limit_w=500.0)


def series(channel, t_s, raw, status=None):
    return Readings.of(channel, (np.asarray(t_s) * S).astype(np.int64), raw, status)


def test_published_wrap_of_a_xeon() -> None:
    made = delta(Reading("rapl", 0, 0, 262143000000), Reading("rapl", 0, 10 * S, 171150), XEON)
    assert (made.energy_uj, made.kind) == (500_000, "wrap")


def test_published_epyc_read_every_300_s_is_not_known() -> None:
    """400 W for 300 s are 120 kJ; a single wrap shows 54,467.389 J: the counter cannot tell."""
    true = 120_000_000_000
    made = delta(
        Reading("r", 0, 0, 1000), Reading("r", 0, 300 * S, (1000 + true) % EPYC.modulus), EPYC
    )
    assert made.energy_uj is None
    assert made.kind == "ambiguous"
    assert made.low_uj == 54_467_389_013
    assert made.low_uj <= true <= made.high_uj


def test_published_reset_of_a_driver() -> None:
    gpu = Channel("gpu", "mJ")
    window = energy_window(series(gpu, [0, 1, 2, 3], [5_000_000, 5_070_000, 12_000, 82_000]))
    assert window.joules == 140.0
    assert window.low_j == 152.0
    assert window.high_j is None
    assert [(g.kind, g.low_j, g.known_j) for g in window.gaps] == [("reset", 12.0, None)]


def test_published_reset_is_bounded_where_a_limit_is_known() -> None:
    gpu = Channel("gpu", "mJ", limit_w=700.0)
    window = energy_window(series(gpu, [0, 1, 2, 3], [5_000_000, 5_070_000, 12_000, 82_000]))
    assert window.high_j == 140.0 + 700.0


def test_worked_a_fall_that_is_no_wrap_is_a_reset() -> None:
    """261 kJ in one second would be 261 kW: the counter began anew."""
    made = delta(Reading("r", 0, 0, 1_000_000_000), Reading("r", 0, S, 5), XEON)
    assert made.kind == "reset"
    assert made.energy_uj is None


def test_worked_power_is_integrated_with_bounds() -> None:
    assert integrated([0, 1, 1.5, 4], [100, 700, 300, 100]) == (1150.0, 1200.0, 1100.0)
    power = Channel("p", "W")
    window = energy_window(series(power, [0, 1, 1.5, 4], [100, 700, 300, 100]), late_ns=10 * S)
    assert (window.joules, window.low_j, window.high_j) == (1150.0, 1100.0, 1200.0)
    assert window.quality == "integrated"


def test_worked_a_gap_of_power_is_not_filled() -> None:
    power = Channel("p", "W", limit_w=700.0)
    window = energy_window(series(power, [0, 1, 2, 60, 61], [400] * 5))
    assert window.joules == 1200.0
    assert [(g.kind, g.seconds, g.known_j) for g in window.gaps] == [("gap", 58.0, None)]
    assert window.high_j == 1200.0 + 58 * 700


def test_worked_a_counter_bridges_a_gap() -> None:
    gpu = Channel("gpu", "J", limit_w=700.0)
    window = energy_window(series(gpu, [0, 1, 2, 60, 61], [0, 400, 800, 24000, 24400]))
    assert window.joules == 24400.0
    assert [(g.kind, g.known_j) for g in window.gaps] == [("late", 23200.0)]


def test_worked_missing_readings_are_missing_not_zero() -> None:
    denied = energy_window(series(XEON, [0, 1], [0, 0], [DENIED, DENIED]))
    assert denied.energy_uj is None
    assert "denied" in denied.note
    partly = energy_window(
        series(Channel("g", "J"), [0, 1, 2, 3], [10, 0, 30, 40], [0, ABSENT, 0, 0])
    )
    assert partly.joules == 30.0


def test_worked_garbage_is_implausible() -> None:
    gpu = Channel("g", "mJ", limit_w=700.0)
    window = energy_window(series(gpu, [0, 1, 2], [5, 9_223_372_036_854, 9_223_372_037_854]))
    assert window.joules == 1.0
    assert window.gaps[0].kind == "implausible"


@given(
    st.lists(st.integers(0, 4_000), min_size=2, max_size=60),
    st.integers(0, 65532610987 - 1),
)
def test_property_wraps_lose_nothing(walk: list[int], start: int) -> None:
    """Any walk under the limit, read each second: the wrapped counter gives the true sum."""
    true = np.concatenate([[0], np.cumsum(np.array(walk, np.int64) * 100_000)])
    seen = (start + true) % EPYC.modulus
    made = steps(series(EPYC, np.arange(len(true)), seen))
    assert made.total_uj == true[-1]
    assert made.known.all()


@given(
    st.lists(st.floats(0.01, 50.0), min_size=3, max_size=40),
    st.integers(0, 2**31),
    st.integers(1, 24),
    st.booleans(),
)
def test_property_windows_add_up_exactly(pauses, seed: int, pieces: int, counter: bool) -> None:
    rng = np.random.default_rng(seed)
    t = np.concatenate([[0], np.cumsum(pauses)])
    channel = Channel("c", "mJ" if counter else "mW")
    raw = np.cumsum(rng.integers(0, 10**6, len(t))) if counter else rng.integers(0, 10**6, len(t))
    made = steps(series(channel, t, raw))
    edges = np.linspace(made.t0_ns[0], made.t1_ns[-1], pieces + 1).astype(np.int64)
    cut = windows_between(channel, made, edges)
    assert sum(w.energy_uj or 0 for w in cut) == made.total_uj
    assert course_uj(made, [made.t0_ns[0], made.t1_ns[-1]]).tolist() == [0, made.total_uj]


@given(st.lists(st.integers(0, 700_000), min_size=3, max_size=60), st.data())
def test_property_bounds_hold_the_truth(milliwatts: list[int], data: st.DataObject) -> None:
    """Drop readings and reset the counter at will: what was truly drawn lies within the bounds."""
    true = np.concatenate([[0], np.cumsum(milliwatts)]).astype(np.int64)  # mJ, one second apart
    kept = sorted(data.draw(st.sets(st.integers(0, len(true) - 1), min_size=2)))
    begin = data.draw(st.integers(0, len(true) - 1))
    raw = np.where(np.arange(len(true)) >= begin, true - true[begin], true + 10**9)
    channel = Channel("c", "mJ", limit_w=700.0)
    window = energy_window(series(channel, np.arange(len(true))[kept], raw[kept]))
    drawn = (true[kept[-1]] - true[kept[0]]) / 1000
    assert window.low_j <= drawn + 1e-6
    assert window.high_j is not None
    assert window.high_j >= drawn - 1e-6
    if window.energy_uj is not None:
        assert window.joules <= drawn + 1e-6


def test_matches_single_deltas() -> None:
    rng = np.random.default_rng(3)
    t = np.cumsum(rng.uniform(0.5, 2.0, 200))
    true = np.cumsum(rng.integers(0, 400_000_000, 200))
    raw = (10**9 + true) % XEON.modulus
    made = steps(series(XEON, t, raw), late_ns=100 * S)
    for i in range(199):
        one = delta(
            Reading("r", 0, int(t[i] * S), int(raw[i])),
            Reading("r", 0, int(t[i + 1] * S), int(raw[i + 1])),
            XEON,
        )
        assert one.energy_uj == made.energy_uj[i]
        assert one.kind == KINDS[made.kind[i]]


def test_published_units_give_the_same_joules() -> None:
    """8 x 700 W for an hour are 5.6 kWh, in whatever unit the counter speaks."""
    for unit, count in (("mJ", 20_160_000_000), ("J", 20_160_000), ("uJ", 20_160_000_000_000)):
        window = energy_window(series(Channel("c", unit), [0, 3600], [0, count]))
        assert window.joules == 20_160_000.0
        assert window.joules / 3.6e6 == 5.6
    assert to_raw(5.6, "kWh") == to_raw(5600, "Wh") == to_raw(20_160_000, "J")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 1e15])
def test_error_no_reading(value: float) -> None:
    with pytest.raises(MeterError, match=r"reading of a meter|more than a ledger"):
        to_raw(value, "kWh", "a.csv, line 3")


def test_error_unknown_unit_names_the_nearest() -> None:
    with pytest.raises(MeterError, match="no unit of energy") as caught:
        Channel("x", "mj")
    assert "mJ" in caught.value.hint


def test_worked_one_owner_per_joule() -> None:
    channels = [
        Channel("core", "uJ", "package", uuid="core", parent="package-0"),
        Channel("dram", "uJ", "package", uuid="dram"),
        Channel("package", "uJ", "package", uuid="package-0"),
        Channel("gpu-power", "mW", uuid="GPU-1"),
        Channel("gpu-energy", "mJ", uuid="GPU-1"),
    ]
    made = chosen(channels)
    assert {c.id for c in made.summed} == {"package", "dram", "gpu-energy"}
    assert [s.values["inner"] for s in made.left_out] == ["core"]
    wall = chosen([*channels, Channel("ipmi", "W", "wall", uuid="wall")])
    assert [c.id for c in wall.summed] == ["ipmi"]
    module = chosen(
        [Channel("m", "mJ", "module", uuid="M"), Channel("g", "mJ", uuid="G", parent="M")]
    )
    assert [c.id for c in module.summed] == ["m"]
