"""Which draws does a figure have? One Latin-hypercube column per leaf, found by the leaf's name.

The column is shuffled by a generator seeded with a hash of the name and the study's seed. So the same
leaf used twice has the same samples (x - x is exactly 0), adding a leaf moves no other, and nothing
depends on the order of evaluation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from taotie.errors import RangeError
from taotie.words.language import _

N_MAX = 10_000_000
_ROUNDS = 6


@dataclass(frozen=True)
class Sampling:
    """How figures are drawn: number of samples and seed."""

    n: int = 10_000
    seed: int = 20240409

    def __post_init__(self) -> None:
        for name in ("n", "seed"):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, Integral):
                raise RangeError(
                    _("{name}={value} is not a whole number.").format(
                        name="samples" if name == "n" else name, value=repr(number)
                    )
                )
            object.__setattr__(self, name, int(number))
        if not 100 <= self.n <= N_MAX:
            raise RangeError(
                _("samples={n} is outside 100 to {high}.").format(n=self.n, high=N_MAX),
                _("10 000 give the 5 and 95 % points to about 2 % of their value"),
            )
        if not 0 <= self.seed < 2**63:
            raise RangeError(_("seed={seed} is outside 0 to 2^63 - 1.").format(seed=self.seed))


DEFAULT = Sampling()
_current: ContextVar[Sampling] = ContextVar("taotie_sampling", default=DEFAULT)


def current() -> Sampling:
    """The sampling new leaves are drawn with."""
    return _current.get()


@contextmanager
def sampling(n: int = DEFAULT.n, seed: int = DEFAULT.seed) -> Iterator[Sampling]:
    """Draw the figures made inside with `n` samples and `seed`."""
    chosen = Sampling(n, seed)
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)


def generator(name: str, seed: int) -> np.random.Generator:
    """A random generator that depends on `name` and `seed` alone, not on the process."""
    digest = hashlib.sha256(f"{seed}|{name}".encode()).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "little")))


def _shuffled_ranks(n: int, rng: np.random.Generator) -> np.ndarray:
    """The ranks 0 .. n - 1 in an order that `rng` picks, shape (n,).

    Each round maps b-bit numbers one to one onto themselves (times an odd number, plus a number, upper half
    folded onto the lower); ranks that leave 0 .. n - 1 are sent round again. In whole arrays, so that
    many leaves are drawn side by side: a shuffle by exchanges holds the interpreter and takes three
    times as long.
    """
    bits = (n - 1).bit_length()
    mask, half = np.uint32((1 << bits) - 1), np.uint32((bits + 1) // 2)
    rounds = rng.integers(0, 1 << 32, size=(_ROUNDS, 2), dtype=np.uint32)
    rounds[:, 0] |= np.uint32(1)
    folded = np.empty(n, dtype=np.uint32)

    def sent_round(x: np.ndarray) -> np.ndarray:
        other = folded[: x.size]
        for factor, shift in rounds:
            x *= factor
            x += shift
            x &= mask
            np.right_shift(x, half, out=other)
            x ^= other
        return x

    ranks = sent_round(np.arange(n, dtype=np.uint32))
    outside = np.flatnonzero(ranks >= n)
    while outside.size:
        moved = sent_round(ranks[outside])
        ranks[outside] = moved
        outside = outside[moved >= n]
    return ranks


def column(name: str, chosen: Sampling) -> np.ndarray:
    """Latin-hypercube column of the leaf `name`: one uniform draw in each of n equal strata.

    Returns
    -------
    u : ndarray, shape (n,)
        Strictly inside 0..1, shuffled. [1]

    References
    ----------
    .. [1] M. D. McKay, R. J. Beckman, W. J. Conover, Technometrics 21(2), 1979.
    """
    rng = generator(name, chosen.seed)
    u = _shuffled_ranks(chosen.n, rng).astype(np.float64)
    u += rng.random(chosen.n)
    u /= chosen.n
    return np.clip(u, 2.0**-60, 1.0 - 2.0**-53, out=u)
