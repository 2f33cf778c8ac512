"""Where the spread comes from: golden shares, Ishigami, and SALib."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taotie.quantity.figure import Figure, evaluate, exact
from taotie.quantity.lift import lifted
from taotie.quantity.sampling import sampling
from taotie.quantity.sensitivity import drivers

Make = Callable[..., Figure]


@lifted(x1="1", x2="1", x3="1", returns="1")
def ishigami(x1: Any, x2: Any, x3: Any) -> Any:
    return np.sin(x1) + 7 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)


@pytest.fixture
def wavy(make: Make) -> Figure:
    with sampling(1000, 1):
        return ishigami(
            *(make(f"x{i}", low=-math.pi, high=math.pi, spread="uniform") for i in (1, 2, 3))
        )


def test_published_product_of_three_lognormals(make: Make) -> None:
    """Notes on uncertainty, 1.2: log shares .151/.840/.008; raw S1 .1081/.7871/.0057."""
    requests = make("requests", "request/d", low=1e8, high=3e8)
    energy = make("energy", "Wh/request", low=0.3, high=4.0)
    pue = make("pue", low=1.08, high=1.40)
    found = drivers((requests * energy * pue).to("MWh/d"))
    rows = {d.leaf.key: d for d in found}
    assert found.method == "lognormal product"
    assert [d.leaf.key for d in found] == ["energy", "requests", "pue"]
    for key, log_share, first in (
        ("requests", 0.151, 0.1081),
        ("energy", 0.840, 0.7871),
        ("pue", 0.008, 0.0057),
    ):
        assert rows[key].log_share == pytest.approx(log_share, abs=5e-4)
        assert rows[key].first_order == pytest.approx(first, abs=5e-5)
        assert rows[key].share == rows[key].log_share


def test_published_ishigami(wavy: Figure) -> None:
    """S1 .3139/.4424/0, ST .5576/.4424/.2437 (analytic, a = 7, b = 0.1)."""
    rows = {d.leaf.key: d for d in drivers(wavy, n=2**16)}
    few = {d.leaf.key: d for d in drivers(wavy)}
    for key, first, total in (
        ("x1", 0.3139, 0.5576),
        ("x2", 0.4424, 0.4424),
        ("x3", 0.0, 0.2437),
    ):
        assert rows[key].first_order == pytest.approx(first, abs=0.01)
        assert rows[key].total == pytest.approx(total, abs=0.01)
        # the size used when nothing is said is good enough to order the leaves
        assert few[key].total == pytest.approx(total, abs=0.03)
        assert rows[key].log_share is None
        assert rows[key].share == rows[key].total


def test_matches_salib(make: Make) -> None:
    """The same model by SALib, on its own design."""
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as design

    with sampling(1000, 1):
        a = make("a", low=1.0, mode=2.0, high=5.0)
        b = make("b", low=0.3, high=4.0)
        c = make("c", low=-1.0, high=3.0, spread="uniform")
        d = make("d", low=2.0, high=3.0, spread="normal")
        figure = a * b + c * c * d + a / d
    keys = ["a", "b", "c", "d"]
    problem = {"num_vars": 4, "names": keys, "bounds": [[0.0, 1.0]] * 4}
    u = design.sample(problem, 4096, calc_second_order=False, seed=3)

    def draw(leaf: Figure) -> np.ndarray:
        assert leaf.distribution is not None
        return leaf.distribution.ppf(np.clip(u[:, keys.index(leaf.key)], 1e-12, 1 - 1e-12))

    theirs = analysis.analyze(problem, evaluate(figure, draw), calc_second_order=False, seed=3)
    rows = {x.leaf.key: x for x in drivers(figure, n=2**14)}
    for i, key in enumerate(keys):
        assert rows[key].first_order == pytest.approx(theirs["S1"][i], abs=0.03)
        assert rows[key].total == pytest.approx(theirs["ST"][i], abs=0.03)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.floats(0.01, 1e6), st.floats(1.01, 1e4), st.sampled_from([-2.0, -1.0, 0.5, 1.0, 3.0])
        ),
        min_size=1,
        max_size=6,
    )
)
def test_property_closed_form_shares_sum_to_one(
    make: Make, parts: list[tuple[float, float, float]]
) -> None:
    with sampling(200, 1):
        figure = exact(3.0, "1")
        for i, (low, ratio, exponent) in enumerate(parts):
            figure = figure * make(f"x{i}", low=low, high=low * ratio) ** exponent
        found = drivers(figure)
    assert found.method == "lognormal product"
    assert math.fsum(d.share for d in found) == pytest.approx(1.0)
    for d in found:
        assert 0 <= d.first_order <= d.share + 1e-12
        assert d.first_order <= d.total + 1e-12 <= 1 + 2e-12
    assert [d.share for d in found] == sorted((d.share for d in found), reverse=True)


def test_matches_closed_form_and_sobol(make: Make) -> None:
    """The two ways agree on a product; adding an exact 0 hides that it is one."""
    with sampling(1000, 1):
        product = make("a", low=1.0, high=2.0) * make("b", low=1.0, high=3.0) ** 2
        hidden = product + make("none", value=0.0)
        closed = {d.leaf.key: d for d in drivers(product)}
        sobol = drivers(hidden, n=2**14)
    assert sobol.method.startswith("Sobol")
    for d in sobol:
        assert d.first_order == pytest.approx(closed[d.leaf.key].first_order, abs=0.03)
        assert d.total == pytest.approx(closed[d.leaf.key].total, abs=0.03)


def test_worked_a_leaf_used_twice_counts_its_exponents(make: Make) -> None:
    with sampling(200, 1):
        x, y = make("x", low=1.0, high=2.0), make("y", low=1.0, high=2.0)
        shares = {d.leaf.key: d.share for d in drivers(x * x * y)}
    assert shares == {"x": pytest.approx(0.8), "y": pytest.approx(0.2)}


def test_worked_without_spread(make: Make) -> None:
    with sampling(200, 1):
        x = make("x", low=1.0, high=2.0)
        for figure in (exact(3.0, "1"), x - x, x / x, x * 0.0, x**0):
            assert drivers(figure).rows == ()
        alone = drivers(make("t", low=1.0, mode=2.0, high=4.0) + 1.0)
    assert [(d.leaf.key, d.total) for d in alone] == [("t", 1.0)]


def test_property_the_same_shares_every_time(wavy: Figure) -> None:
    once, again = drivers(wavy, n=256), drivers(wavy, n=256)
    assert [(d.leaf.key, d.first_order, d.total) for d in once] == [
        (d.leaf.key, d.first_order, d.total) for d in again
    ]


def test_worked_very_wide_products_do_not_overflow(make: Make) -> None:
    with sampling(200, 1):
        wide = make("x", low=1e-5, high=1e5) ** 6 * make("y", low=1.0, high=2.0)
        rows = {d.leaf.key: d for d in drivers(wide)}
    assert rows["x"].share == pytest.approx(1.0, abs=1e-3)
    assert math.isfinite(rows["x"].first_order)
    assert math.isfinite(rows["y"].total)


def test_matches_every_design_evaluated_whole(wavy: Figure):
    """What does not hang on a leaf is kept from design to design: the shares are the same in every bit."""
    from unittest import mock

    from taotie.quantity import evaluation

    figure = wavy * wavy + wavy / 3.0
    kept = [(d.leaf.key, d.first_order, d.total) for d in drivers(figure)]
    with mock.patch.object(evaluation, "_N_FIGURES_KEPT", 0):
        whole = [(d.leaf.key, d.first_order, d.total) for d in drivers(figure)]
    assert kept == whole
    assert len(kept) == 3
