"""Random trees of figures, and small leaves, for the tests of the quantity core."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from taotie.errors import RangeError, UnitError
from taotie.fleet.annual_energy import annual_energy_twh
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.sampling import Sampling, sampling

Program = Sequence[tuple[int, int, int]]


def assumed(key: str, unit: str = "1", boundary: str | None = None, **numbers: Any) -> Figure:
    """A leaf without a source."""
    return leaf(key, unit=unit, boundary=boundary, kind="assumed", note="for a test", **numbers)


def pool() -> list[Figure]:
    """One leaf of every distribution; all positive, so that every operation is defined."""
    return [
        assumed("energy", "Wh", low=0.3, high=4.0),
        assumed("pue", "1", low=1.05, mode=1.2, high=1.6),
        assumed("requests", "request", low=2.0, high=3.0, spread="uniform"),
        assumed("hours", "h", low=1.0, mode=2.0, high=4.0, spread="pert"),
        assumed("busy", "1", spread="beta", a=2.0, b=3.0),
        assumed("seen", "kWh", spread="empirical", values=[1.0, 1.5, 1.7, 4.0]),
        assumed("shift", "1", low=8.0, high=12.0, spread="normal"),
        assumed("servers", "server", low=1e6, high=2e6),
        exact(3.0, "kW/server"),
        exact(7.0, "1"),
    ]


def grown(program: Program) -> Figure:
    """A figure grown from the pool by a list of (operation, index, index).

    A step that cannot be taken (a power of a power of a unit, a value beyond 1e200) is left out.
    """
    figures = pool()
    by_key = {f.key: f for f in figures}
    kernel = annual_energy_twh(by_key["servers"], by_key["3 kW/server"], by_key["busy"])
    steps: tuple[Callable[[Figure, Figure], Figure], ...] = (
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a + a * (b / b.to(b.unit)) * 0.5,
        lambda a, b: a - a * 0.25,
        lambda a, b: a**0.5,
        lambda a, b: a**-2,
        lambda a, b: -(a * -1),
        lambda a, b: a * kernel,
        lambda a, b: a if a.is_leaf else a.named(f"step {a.content_hash}"),
        lambda a, b: a.to("MWh") if a.unit in ("Wh", "kWh") else a,
    )
    for step, i, j in program:
        a, b = figures[i % len(figures)], figures[j % len(figures)]
        try:
            made = steps[step % len(steps)](a, b)
            if not 1e-200 < abs(made.p05) <= abs(made.p95) < 1e200:
                continue
        except (RangeError, UnitError):
            continue
        figures.append(made)
    # without the samples that growing has left behind
    return pickle.loads(pickle.dumps(figures[-1]))


PROGRAMS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=25
)
SMALL = Sampling(200, 7)


@pytest.fixture
def few() -> Iterator[Sampling]:
    """200 draws: enough where every draw must agree."""
    with sampling(SMALL.n, SMALL.seed) as chosen:
        yield chosen


@pytest.fixture(scope="session")
def trees() -> st.SearchStrategy[Figure]:
    """Random trees of figures, drawn with `SMALL`."""

    def small(program: Program) -> Figure:
        with sampling(SMALL.n, SMALL.seed):
            return grown(program)

    return PROGRAMS.map(small)


@pytest.fixture(scope="session")
def make() -> Callable[..., Figure]:
    """`assumed`, for tests that cannot import this file."""
    return assumed
