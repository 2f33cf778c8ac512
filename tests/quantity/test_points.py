"""The points that are printed: those of NumPy in every bit, and the mean of rows as of one."""

from __future__ import annotations

import numpy as np

from rows import each_row
from taotie.quantity.figure import exact, leaf, topological, values_together
from taotie.quantity.points import (
    means,
    ordered_points,
    ordered_rows,
    points_between,
    quantile,
    row_means,
)
from taotie.quantity.sampling import sampling


@each_row("n", [1, 2, 3, 100, 101, 9_999, 10_000])
def test_matches_numpy_percentile_in_every_bit(n: int):
    draws = np.exp(np.random.default_rng(n).normal(0, 3, n))
    ordered = np.sort(draws)
    for q in (0.0, 0.05, 0.5, 0.95, 1.0):
        assert quantile(ordered, q) == np.percentile(draws, 100 * q), q


def test_matches_one_row_at_a_time():
    draws = np.random.default_rng(1).normal(5, 1, (7, 333))
    assert row_means(draws).tolist() == [float(row_means(row)) for row in draws]
    assert np.allclose(row_means(draws), draws.mean(axis=1), rtol=1e-14)


def test_matches_many_together_as_each_alone():
    rng = np.random.default_rng(2)
    draws = [rng.normal(5, 1, n) for n in (333, 2, 333, 1, 100_000, 333, 200_000)]
    assert means(draws) == [float(row_means(d)) for d in draws]
    for one in draws:
        points = points_between(ordered_points(one), one.size)
        assert points == [float(x) for x in np.percentile(one, (5, 50, 95))]
    assert draws[0][0] != min(draws[0])  # nothing of what was given is sorted


@each_row("n", [1, 2, 5, 20, 39, 40, 41, 100, 999, 10_000])
def test_matches_sorted_draws_on_both_sides_of_every_point(n: int):
    """Rows with draws that are equal, in order and in reverse among them."""
    rng = np.random.default_rng(n)
    rows = np.stack([
        rng.normal(5, 1, n), rng.integers(0, 3, n).astype(float), np.arange(n, 0.0, -1.0), np.zeros(n),
    ])  # fmt: skip
    places = [k for q in (0.05, 0.5, 0.95) for k in (int(q * (n - 1)), min(int(q * (n - 1)) + 1, n - 1))]  # fmt: skip
    assert ordered_rows(rows.copy()).tolist() == np.sort(rows, axis=1)[:, places].tolist()


def test_finds_what_rises_with_another_without_sorting_it():
    with sampling(1001, 3):
        a = leaf("a", low=-2.0, high=9.0, spread="normal", unit="kWh", kind="assumed", note="x")
        b = leaf("b", low=1.0, high=4.0, unit="1", kind="assumed", note="x")
        two, one = exact(2.0, "1", "two"), exact(0.3, "kWh", "one")
        figures = {
            "more": a * two + one, "less": a - one, "twice": a + a * two, "wh": a.to("Wh"), "part": a / two,
            "turned": one - a, "negative": a * exact(-1.0, "1", "minus"), "both": a * b, "apart": a + a * b,
            "under": one / b,
        }  # fmt: skip
        every = topological(figures.values())
        values_together(every)
    for name, figure in figures.items():
        value = figure.value
        expected = [float(x) for x in np.percentile(figure.samples, (5, 50, 95))]
        assert [value.p05, value.p50, value.p95] == expected, name
        assert value.mean == float(row_means(figure.samples)), name
    rising = {n for n, f in figures.items() if f.__dict__["ordered"][1] is a.samples}
    assert rising == {"more", "less", "twice", "wh", "part"}
