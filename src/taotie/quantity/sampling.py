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
from taotie.language import _

N_MAX = 10_000_000


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
    # 32-bit ranks shuffled by `permuted`: twice as fast as `permutation`
    u = rng.permuted(np.arange(chosen.n, dtype=np.int32)).astype(np.float64)
    u += rng.random(chosen.n)
    u /= chosen.n
    return np.clip(u, 2.0**-60, 1.0 - 2.0**-53, out=u)
