"""What did tokens cost whose machines nobody shows? Energy of calls to closed or far models, as a wide range. [Wh]

Assumed, never measured: the maker publishes neither size nor machines. The range is that of a reference request (500
tokens read, 400 written), carried to other calls by how reading, writing and long contexts weigh against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from taotie.compute.closed_names import closed_name, closed_names, plain_model_name
from taotie.errors import UnknownNameError, nearest
from taotie.metering.usage import Call
from taotie.quantity.catalog import table
from taotie.words.language import _

__all__ = [
    "ModelRange",
    "TokenEnergy",
    "TokenSums",
    "energy_wh",
    "model_range",
    "token_sums",
]

TABLE = "closed_model_energy"
N_DRAW = 4000
Z90 = 1.2815515655446004
"""Normal quantile of 90 %."""

READ_OVER_WRITE = (0.03, 0.40)
"""Energy of a prompt token computed over that of a token written: assumed. DeepSeek's service gave 0.3 to 0.7 of it in
sums per node, fitted models at small batches 0.02 to 0.1."""
CONTEXT_TOKENS = (33_000.0, 660_000.0)
"""Context at which reading the cache costs as much as the weights of a token written: assumed. A DeepSeek shape has
33,000; sparse attention divides it by up to 20."""
CACHED_OVER_READ = (0.0005, 0.05)
"""A cached prompt token over a computed one: its keys are read while new ones attend to it. Never the price ratio."""
PROXY_SPREAD = 1.5
"""Each step to a neighbouring version widens the range by that."""


class TokenSums(NamedTuple):
    """What the energy of calls of one model hangs on. [token, token^2]"""

    computed: float
    cached: float
    output: float
    output_context: float
    calls: int


class ModelRange(NamedTuple):
    """Energy of the reference request at the data center's meter: 10, 50 and 90 % points. [Wh]"""

    model: str
    low_wh: float
    middle_wh: float
    high_wh: float
    basis: str
    proxy: str
    """The model it was taken from, where it is another version."""
    widen: float = 1.0
    """Factor by which that widened the range on either side."""


class TokenEnergy(Protocol):
    """What a better model of closed services would offer instead of `energy_wh`."""

    def __call__(self, found: ModelRange, sums: TokenSums, seed: int = 0) -> NDArray[np.float64]:
        """Draws of the energy. [Wh]"""
        ...


def model_range(name: str) -> ModelRange:
    """The range of a model, by name, alias, or the nearest version of the same family and tier.

    Raises
    ------
    UnknownNameError
        If there is none: another tier may be ten times as large, and is never taken.

    Examples
    --------
    >>> found = model_range("gpt-5-2025-08-07")
    >>> found.model, found.low_wh, found.high_wh, found.proxy
    ('gpt-5', 0.073, 1.3, '')
    """
    cells = table(TABLE)
    named = closed_name(name)
    if named is None:
        raise UnknownNameError(
            _("no range of energy is known for the model {name}.").format(name=name),
            nearest(plain_model_name(name), closed_names()),
        )
    item = named.item
    proxy = item if named.steps else ""
    cell = cells.cell(item, "energy_reference_request") or {}
    widen = PROXY_SPREAD ** min(named.steps, 4)
    low, middle, high = (float(cell[k]) for k in ("low", "value", "high"))
    return ModelRange(item, low / widen, middle, high * widen, "assumed", proxy, widen)


def token_sums(calls: Sequence[Call]) -> TokenSums:
    """Sums over calls; where a row holds many, their mean context is that of each."""
    computed = cached = output = context = 0.0
    n = 0
    for one in calls:
        u = one.usage
        computed += u.new + u.cache_write
        cached += u.cache_read
        output += u.output
        context += u.output * (u.prompt + 0.5 * u.output) / max(one.calls, 1)
        n += one.calls
    return TokenSums(computed, cached, output, context, n)


def energy_wh(found: ModelRange, sums: TokenSums, seed: int = 0) -> NDArray[np.float64]:
    """Draws of the energy of calls at the data center's meter.

    Parameters
    ----------
    found : ModelRange
    sums : TokenSums
    seed : int

    Returns
    -------
    energy_wh : ndarray, shape (n_draw,)
        [Wh]

    Examples
    --------
    The reference request itself has the range of the table:

    >>> one = ModelRange("gpt-5", 0.073, 0.26, 1.3, "assumed", "")
    >>> draws = energy_wh(one, TokenSums(500, 0, 400, 400 * 700, 1))
    >>> [round(float(v), 2) for v in np.percentile(draws, [10, 50, 90])]
    [0.07, 0.26, 1.3]
    """
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(N_DRAW)
    z = (z - z.mean()) / z.std()
    order = np.argsort(z)
    from scipy.special import ndtri

    z[order] = ndtri(
        (np.arange(N_DRAW) + 0.5) / N_DRAW
    )  # a Latin-hypercube column: the ends are met exactly
    down = np.log(found.middle_wh / found.low_wh) / Z90
    up = np.log(found.high_wh / found.middle_wh) / Z90
    reference = found.middle_wh * np.exp(np.where(z < 0, down, up) * z)

    def drawn(ends: tuple[float, float]) -> NDArray[np.float64]:
        return np.exp(rng.uniform(np.log(ends[0]), np.log(ends[1]), N_DRAW))

    read, cached, context = drawn(READ_OVER_WRITE), drawn(CACHED_OVER_READ), drawn(CONTEXT_TOKENS)

    def weight(s: TokenSums) -> NDArray[np.float64]:
        return read * (s.computed + cached * s.cached) + s.output + s.output_context / context

    return np.asarray(reference * weight(sums) / weight(TokenSums(500, 0, 400, 400.0 * 700.0, 1)))
