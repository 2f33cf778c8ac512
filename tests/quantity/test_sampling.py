"""Draws by name: stratified, uncorrelated between leaves, the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from rows import each_row
from taotie.errors import RangeError, SamplingError
from taotie.quantity.figure import Figure
from taotie.quantity.sampling import DEFAULT, N_MAX, Sampling, column, current, sampling

names = st.text(min_size=1, max_size=20)


@given(names, st.integers(100, 3000), st.integers(0, 2**63 - 1))
def test_property_one_draw_in_each_stratum(name: str, n: int, seed: int) -> None:
    u = column(name, Sampling(n, seed))
    assert u.min() > 0
    assert u.max() < 1
    # a jitter just below 1 may round up into the next stratum's edge
    assert np.array_equal(np.sort(np.minimum((u * n).astype(int), n - 1)), np.arange(n))


def test_published_eight_leaves_are_not_correlated() -> None:
    """Scrambles of one Sobol sequence gave 0.944 here, and two empty quadrants of four.

    Notes on uncertainty, 1.1: a Latin hypercube with a permutation per leaf, worst 0.019.
    """
    chosen = Sampling(2**13, 20240409)
    z = ndtri([column(f"leaf {i}", chosen) for i in range(8)])
    worst = np.abs(np.corrcoef(z)[np.triu_indices(8, 1)]).max()
    assert worst < 0.03
    for i in range(8):
        for j in range(i):
            filled = np.histogram2d(z[i] > 0, z[j] > 0, bins=2)[0] / chosen.n
            assert filled.min() > 0.23


@pytest.mark.parametrize("n", [100, 128, 1000, 10_000])
def test_matches_random_permutations(n: int) -> None:
    """Correlations of pairs, of squares, of triples and along a column are as large as chance makes them."""
    z = ndtri([column(f"t{i}", Sampling(n)) for i in range(150)])
    root, pairs = np.sqrt(n), np.triu_indices(150, 1)
    assert (np.corrcoef(z)[pairs] * root).std() == pytest.approx(1, abs=0.05)
    assert (np.corrcoef(z**2)[pairs] * root).std() == pytest.approx(1, abs=0.05)
    triples = [np.mean(z[i] * z[i + 1] * z[i + 2]) * root for i in range(148)]
    assert np.std(triples) == pytest.approx(1, abs=0.25)
    along = [np.corrcoef(x[1:], x[:-1])[0, 1] * root for x in z]
    assert np.std(along) == pytest.approx(1, abs=0.25)


def test_published_the_columns_do_not_drift() -> None:
    """Regression: a later version that draws otherwise would change every result file."""
    u = column("devries2023.energy_per_request_chatgpt", DEFAULT)
    assert u[:4] == pytest.approx(
        [0.32817557386445834, 0.7723990482857804, 0.7020787191162351, 0.8340906306054984], abs=1e-15
    )


@given(st.lists(names, min_size=2, max_size=4, unique=True))
def test_property_names_draw_differently(keys: list[str]) -> None:
    drawn = [column(key, Sampling(100)) for key in keys]
    assert all(not np.array_equal(drawn[0], other) for other in drawn[1:])
    assert np.array_equal(drawn[0], column(keys[0], Sampling(100)))


def test_property_the_seed_matters() -> None:
    assert not np.array_equal(column("x", Sampling(100, 1)), column("x", Sampling(100, 2)))


def test_matches_another_process_and_hash_seed() -> None:
    code = "from taotie.quantity.sampling import *; print(repr(column('x', Sampling(1000, 5)).tolist()))"
    drawn = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "4711")
    }
    assert drawn == {repr(column("x", Sampling(1000, 5)).tolist())}


def test_worked_sampling_holds_within_its_block() -> None:
    assert current() == DEFAULT
    with sampling(200, 3) as outer:
        assert current() == outer == Sampling(200, 3)
        with sampling(300):
            assert current().n == 300
        assert current() == outer
    assert current() == DEFAULT
    with pytest.raises(ZeroDivisionError), sampling(200, 3):
        1 / 0
    assert current() == DEFAULT


@each_row("n", [99, 0, -5, N_MAX + 1, 10**400, 1000.0, "1000", None, True])
def test_error_number_of_samples(n: object) -> None:
    with pytest.raises(RangeError, match="samples="):
        Sampling(n=n)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "a", None])
def test_error_seed(seed: object) -> None:
    with pytest.raises(RangeError, match="seed="):
        Sampling(seed=seed)  # type: ignore[arg-type]


def test_error_two_samplings_are_not_mixed(make: Callable[..., Figure]) -> None:
    with sampling(200, 1):
        a = make("a", low=1.0, high=2.0)
        fixed = make("fixed", value=2.0)
    with sampling(300, 1):
        b = make("b", low=1.0, high=2.0)
        other = make("other", value=3.0)
    for mixed in (lambda: a + b, lambda: a * b * 1.0, lambda: (a * 2) / (b * 2), lambda: a - b):
        with pytest.raises(SamplingError, match="n=200") as caught:
            mixed()
        assert "sampling(n, seed)" in caught.value.hint
    # constants take part in any sampling, on either side, also when derived
    assert (fixed * b).samples.shape == (300,)
    assert (a * other).samples.shape == (200,)
    assert ((fixed + other) * b).samples.shape == (300,)
    assert (fixed + other).is_exact


def test_error_mixing_is_found_in_trees_of_any_size(make: Callable[..., Figure]) -> None:
    """x = x + x, forty times: the check must not walk 2^40 paths."""
    with sampling(200, 1):
        x = make("x", value=1.0)
    for _ in range(40):
        x = x + x
    with sampling(300, 2):
        y = make("y", low=1.0, high=2.0)
    assert (x * y).samples.shape == (300,)
