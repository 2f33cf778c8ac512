"""One training run over several sites."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.errors import CaseError, RangeError
from taotie.grid.cluster_split import (
    Site,
    TrainingStep,
    bandwidth_for_efficiency_bit_per_s,
    best_split,
    compute_s,
    efficiency,
    exchange_s,
    ring_factor,
    site_capacity,
    step_s,
)

RUN = TrainingStep(1.8e12, 280e9, 60e6)
TERABIT = 1e12


def test_worked_golden_table():
    """Values of the notes, each to its printed digits."""
    assert ring_factor([2, 8, 23]) == pytest.approx([1, 1.75, 1.9130], abs=5e-5)
    assert RUN.model_bit == pytest.approx(28.8e12)
    assert RUN.compute_s(100_000) == pytest.approx(2.547, abs=5e-4)
    wait = exchange_s(RUN.model_bit, 2, np.array([0.1, 1, 10]) * TERABIT)
    assert wait == pytest.approx([288, 28.8, 2.88], rel=1e-12)
    t = RUN.compute_s(100_000)
    assert 100 * efficiency(t, wait) == pytest.approx([0.9, 8.1, 46.9], abs=0.05)
    assert 100 * efficiency(t, wait, 500) == pytest.approx([81.6, 97.8, 99.8], abs=0.05)
    assert 100 * efficiency(t, 2.88, overlap=1.0) == pytest.approx(88.4, abs=0.05)
    need = bandwidth_for_efficiency_bit_per_s(RUN.model_bit, 2, t, 0.95)
    assert need / TERABIT == pytest.approx(214.8, abs=0.05)


def test_published_ten_gigawatt_over_23_sites():
    """Epoch AI 2025: 72e12 parameters over 23 sites at about 6 Pbit/s; about 220 ms reported.

    Our ring gives twice the one-way share quoted there: (22/23) D / B = 0.184 s each way.
    """
    one_way = exchange_s(72e12 * 16, 23, 6e15) / 2
    assert one_way == pytest.approx(0.184, abs=5e-4)


def test_property_limits():
    assert exchange_s(1e12, 1, 1e9, latency_s=0.1) == 0.0
    assert efficiency(1.0, 100.0, 1e12) == pytest.approx(1.0)
    assert exchange_s(1e12, 4, 5e8) == pytest.approx(2 * exchange_s(1e12, 4, 1e9))
    assert exchange_s(1e12, 4, 1e9, bidirectional=True) == pytest.approx(
        exchange_s(1e12, 4, 1e9) / 2
    )
    assert step_s(2.0, 1.0, overlap=0.5) == 2.0


@given(st.floats(0.01, 100), st.floats(0, 1000), st.floats(1, 1000), st.floats(0, 1))
def test_property_efficiency_is_a_share_and_helps_never_hurt(t, wait, h, overlap):
    e = efficiency(t, wait, h, overlap)
    assert 0 < e <= 1
    assert e >= efficiency(t, wait, 1, overlap) - 1e-12
    assert e >= efficiency(t, wait, h, 0) - 1e-12


def plain_best(sites, run, n):
    """Every subset of sites."""
    best = np.inf
    for size in range(1, len(sites) + 1):
        for chosen in combinations(sites, size):
            room = [site_capacity(s, run.power_w) for s in chosen]
            if min(room) < 1 or sum(room) < n or size > n:
                continue
            wait = run.exchange_s(size, min(s.wan_bit_per_s for s in chosen))
            best = min(best, float(step_s(run.compute_s(n), wait, run.local_steps, run.overlap)))
    return best


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 120), st.sampled_from([1e11, 1e12, 5e12, 2e13])),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 200_000),
    st.sampled_from([1.0, 50.0]),
)
def test_matches_every_subset(places, n, local_steps):
    sites = [Site(str(i), mw, b) for i, (mw, b) in enumerate(places)]
    run = TrainingStep(1.8e12, 280e9, 60e6, local_steps=local_steps, latency_s=0.01)
    expected = plain_best(sites, run, n)
    if not np.isfinite(expected):
        with pytest.raises(CaseError):
            best_split(sites, run, n)
        return
    found = best_split(sites, run, n)
    assert found.step_s == pytest.approx(expected, rel=1e-9)
    assert sum(found.accelerators) == n
    for site, count in zip(found.sites, found.accelerators, strict=True):
        assert 1 <= count <= site_capacity(site, run.power_w)


def test_worked_cheapest_among_equal():
    sites = [Site("dear", 100, 1e12, price_usd_per_mwh=90), Site("cheap", 70, 1e12, price_usd_per_mwh=30),
             Site("also", 100, 1e12, price_usd_per_mwh=60)]  # fmt: skip
    found = best_split(sites, RUN, 100_000)
    by_name = dict(zip([s.name for s in found.sites], found.accelerators, strict=True))
    assert by_name == {
        "cheap": site_capacity(sites[1], 1050.0),
        "also": 100_000 - site_capacity(sites[1], 1050.0),
    }
    hour = found.cost_usd_per_step / found.step_s * 3600
    mw = [by_name[n] * 1050 * 1.2 / 1e6 for n in ("cheap", "also")]
    assert hour == pytest.approx(30 * mw[0] + 60 * mw[1])
    assert found.power_mw == pytest.approx(126.0)


def test_worked_the_articles_interstate_bottleneck():
    """100,000 accelerators in two states at 1 Tbit/s: 8 % at every step, 93 % useful every 500th."""
    sites = [Site("A", 80, 1e12), Site("B", 80, 1e12)]
    every = best_split(sites, RUN, 100_000)
    assert every.efficiency == pytest.approx(0.081, abs=5e-4)
    rare = best_split(sites, TrainingStep(1.8e12, 280e9, 60e6, local_steps=500), 100_000)
    assert rare.efficiency == pytest.approx(0.978, abs=5e-4)
    assert rare.useful_efficiency == pytest.approx(0.978 / 1.05, abs=5e-4)


def test_error_inputs():
    with pytest.raises(CaseError, match="feed 0 accelerators"):
        best_split([Site("A", 0.0, 1e12)], RUN, 10)
    with pytest.raises(RangeError, match="pue"):
        Site("A", 10.0, 1e12, pue=0.9)
    with pytest.raises(RangeError, match="mfu"):
        TrainingStep(1e9, 1e9, 1e6, mfu=1.5)
    with pytest.raises(RangeError, match="accelerators=0"):
        best_split([Site("A", 10.0, 1e12)], RUN, 0)
    with pytest.raises(RangeError, match="parameters"):
        TrainingStep(0, 1e9, 1e6)
    with pytest.raises(RangeError, match="efficiency"):
        bandwidth_for_efficiency_bit_per_s(1e12, 2, 1.0, 1.0)
    assert compute_s(1, 1, 1, 6, 1) == 1.0
