"""How much does a request to a closed model take? A wide range, assumed: nobody publishes its size or machines. [Wh]

Sizes from list prices and others' assumptions, drawn together with precision, chip, copies, load and building, and put
through the energy model of open models. Load matters more than size; a speed can only refute a size.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.closed_names import plain_model_name
from taotie.compute.energy.cached_prompt import prefill_beyond_cache
from taotie.compute.energy.energy_per_request import prefill_of, request_energy
from taotie.compute.energy.model_typical import typical_architecture
from taotie.compute.energy.serving_setup import NOT_SERVED, ServingSetup, smallest_replica
from taotie.compute.metered.token_energy import model_range
from taotie.errors import RangeError, TaotieError
from taotie.hardware.accelerator import accelerator
from taotie.quantity.catalog import table
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = [
    "ClosedModel",
    "Known",
    "SizeFit",
    "cache_read_j_per_token",
    "closed_draws",
    "closed_model",
    "closed_models",
    "price_bound_wh",
    "price_share",
    "size_fit",
    "sizes_from_price",
    "speed_bound",
    "typical_speed_bound",
]

Floats = NDArray[np.float64]
TABLE = "closed_model_energy"
Z90 = 1.2815515655446004
N_DRAW = 400

LOAD = (2.0, 64.0)
"""Requests an accelerator serves at once, log-uniform: fixed before the measured rows were looked at, where large
services run; at loads up to 2,000 the range is too high."""
ROOMIER = ("b200-sxm", "b300-sxm", "gb300")
"""Chips of more memory, for a context that the one drawn cannot hold."""
PRECISIONS = (("bf16", 0.25), ("fp8", 0.60), ("nvfp4", 0.15))
CHIPS: dict[str, tuple[tuple[str, float], ...]] = {
    "OpenAI": (("h100-sxm", 0.3), ("h200-sxm", 0.2), ("b200-sxm", 0.5)),
    "Anthropic": (("h100-sxm", 0.3), ("b200-sxm", 0.3), ("tpu-v6e", 0.2), ("tpu-v5p", 0.2)),
    "Google": (("tpu-v5e", 0.15), ("tpu-v5p", 0.25), ("tpu-v6e", 0.4), ("tpu-v7", 0.2)),
    "": (("h100-sxm", 0.4), ("h200-sxm", 0.2), ("b200-sxm", 0.4)),
}
"""Which chips a provider serves on: assumed from what they say of their fleets."""
MODEL_SD = 0.25
"""Error of the energy model, natural log."""
BUILDING = (1.71, 0.13)
"""Building over accelerators, log-normal: 0.24 over 0.14 Wh of Google's median prompt, and its spread."""
GAIN_WIDE, GAIN_NARROW, NO_GAIN = 8.0, 1.5, 0.4
"""Experts over many accelerators serve up to 8 times more a watt than the engines we are fitted on, with a chance of
0.6, where a model is large and sparse; else up to 1.5."""
MARKUP = (1.0, 6.0)
"""List price of a closed lab over what a host would ask, 10 and 90 % points: assumed."""
SIZE_CORRELATION = 0.38
STALE_DAYS = 180
TYPICAL_PACE = 7163e9
"""Active parameters times tokens a second below which nine of ten open models stay that their makers serve. [1/s]"""
SLOWEST_S = 0.1
"""Seconds a token: no service sells slower answers, so a draw that comes out slower is refuted by its speed."""


class SizeFit(NamedTuple):
    """Sizes from prices: ln of active and total parameters [1e9] over 1, ln price in, ln price out [USD/Mtoken]."""

    active: tuple[float, float, float]
    total: tuple[float, float, float]
    active_sd: float
    total_sd: float
    correlation: float


FITTED = SizeFit((3.987, 0.878, -0.184), (4.616, 0.129, 1.058), 0.71, 0.96, SIZE_CORRELATION)
"""71 open models at 395 offers of hosts (source ``genai_prices2026``); `size_fit` fits it again."""


@dataclass(frozen=True)
class ClosedModel:
    """What may be assumed of a closed model.

    Attributes
    ----------
    active, total : (float, float)
        Parameters a token uses, and all: 10 and 90 % points. [1]
    price_in, price_out : float or None
        List prices. [USD/Mtoken]
    basis : str
        What the sizes rest on.
    proxy : str
        The version it was taken from, where it is another.
    as_of : str
        Day of the prices.
    """

    name: str
    provider: str
    active: tuple[float, float]
    total: tuple[float, float]
    price_in: float | None = None
    price_out: float | None = None
    basis: str = ""
    proxy: str = ""
    as_of: str = ""
    widen: float = 1.0
    """Factor by which another version's sizes were widened either way."""

    @property
    def stale(self) -> bool:
        """Are the prices older than half a year?"""
        if not self.as_of:
            return False
        day = datetime.date.fromisoformat(self.as_of)
        return (datetime.date.today() - day).days > STALE_DAYS


@dataclass(frozen=True)
class Known:
    """What the asker knows, and so need not be drawn."""

    batch: float | None = None
    """Requests decoded together on a replica. [1]"""
    chip: str | None = None
    accelerators: int | None = None
    precision: str | None = None
    active: float | None = None
    total: float | None = None
    load: tuple[float, float] = LOAD
    runtime: str | None = None
    """Serving software, such as vllm-0.5 for a service of 2024; default the newest fitted."""
    building: float | None = None
    """PUE, where the building is known: the host is then drawn alone. [1]"""


def closed_models() -> list[str]:
    """Names of the closed models held.

    Examples
    --------
    >>> len(closed_models()), "gpt-5" in closed_models()
    (67, True)
    """
    cells = table(TABLE)
    return [i for i in cells.items() if cells.cell(i, "energy_reference_request") is not None]


def closed_model(name: str) -> ClosedModel:
    """The closed model that a name means: itself, an alias, or the nearest version of its family and tier.

    Raises
    ------
    UnknownNameError
        If there is none; another tier may be ten times as large, and is never taken.

    Examples
    --------
    >>> found = closed_model("openai/gpt-5-2025-08-07")
    >>> found.name, found.provider, found.basis, [round(a / 1e9) for a in found.active]
    ('gpt-5', 'OpenAI', 'price+third_party_estimate', [7, 90])
    """
    found = model_range(name)
    cells = table(TABLE)
    ends = []
    for quantity in ("active", "total"):
        cell = cells.cell(found.model, quantity)
        assert cell is not None
        low, high = float(cell["low"]), float(cell["high"])
        ends.append((low / found.widen, high * found.widen))
    prices = [
        None if (p := cells.value(found.model, q)) is None else float(p)
        for q in ("price_in", "price_out")
    ]
    origin = cells.cell(found.model, "price_in")
    from taotie.quantity.catalog import source

    return ClosedModel(
        found.model,
        str(cells.value(found.model, "provider") or ""),
        ends[0],
        ends[1],
        price_in=prices[0],
        price_out=prices[1],
        basis=str(cells.value(found.model, "basis") or "price"),
        proxy=plain_model_name(name) if found.proxy else "",
        as_of=str(source(origin["source"]).date) if origin else "",
        widen=found.widen,
    )


def size_fit(active_b: Floats, total_b: Floats, price_in: Floats, price_out: Floats) -> SizeFit:
    """Fit sizes on the prices of open models.

    Parameters
    ----------
    active_b, total_b : ndarray, shape (n_model,)
        [1e9 parameters]
    price_in, price_out : ndarray, shape (n_model,)
        [USD/Mtoken]
    """
    x = np.column_stack([np.ones(len(price_in)), np.log(price_in), np.log(price_out)])
    found, left = [], []
    for size in (active_b, total_b):
        y = np.log(size)
        weights = np.linalg.lstsq(x, y, rcond=None)[0]
        found.append(tuple(float(w) for w in weights))
        left.append(y - x @ weights)
    sds = [float(np.sqrt((r**2).sum() / max(len(r) - 3, 1))) for r in left]
    correlation = float(np.corrcoef(left[0], left[1])[0, 1])
    return SizeFit(found[0], found[1], sds[0], sds[1], correlation)  # type: ignore[arg-type]


def sizes_from_price(
    price_in: float,
    price_out: float,
    n: int,
    rng: np.random.Generator,
    fit: SizeFit = FITTED,
    markup: tuple[float, float] = MARKUP,
) -> tuple[Floats, Floats]:
    """Draws of active and total parameters of a model of these list prices. [1]

    Raises
    ------
    RangeError
        If a price is not above 0.
    """
    for name, value in (("price_in", price_in), ("price_out", price_out)):
        if not (math.isfinite(value) and value > 0):
            raise RangeError(_("{name}={value} is not above 0.").format(name=name, value=value))
    over = np.ones(n)
    if markup[1] > markup[0]:
        middle = 0.5 * (math.log(markup[0]) + math.log(markup[1]))
        width = (math.log(markup[1]) - math.log(markup[0])) / (2 * Z90)
        over = np.exp(middle + width * _normal(n, rng))
    x = np.column_stack([np.ones(n), np.log(price_in / over), np.log(price_out / over)])
    z = _normal(n, rng)
    other = fit.correlation * z + math.sqrt(1.0 - fit.correlation**2) * _normal(n, rng)
    active = np.exp(x @ np.array(fit.active) + fit.active_sd * z) * 1e9
    total = np.exp(x @ np.array(fit.total) + fit.total_sd * other) * 1e9
    return active, np.maximum(active, total)


def _normal(n: int, rng: np.random.Generator) -> Floats:
    """A Latin-hypercube column of normal scores."""
    from scipy.special import ndtri

    return np.asarray(ndtri((rng.permutation(n) + 0.5) / n))


def _uniform(n: int, rng: np.random.Generator) -> Floats:
    return np.asarray((rng.permutation(n) + rng.random(n)) / n)


def _between(ends: tuple[float, float], z: Floats) -> Floats:
    middle = 0.5 * (math.log(ends[0]) + math.log(ends[1]))
    width = (math.log(ends[1]) - math.log(ends[0])) / (2 * Z90)
    return np.asarray(np.exp(middle + width * z))


def _picked(choices: tuple[tuple[str, float], ...], n: int, rng: np.random.Generator) -> list[str]:
    edges = np.cumsum([w for _name, w in choices])
    at = np.searchsorted(edges / edges[-1], _uniform(n, rng))
    return [choices[min(int(i), len(choices) - 1)][0] for i in at]


def closed_draws(
    model: ClosedModel,
    prompt: float | Floats,
    output: float | Floats,
    known: Known | None = None,
    *,
    n: int = N_DRAW,
    seed: int = 0,
    sizes: tuple[Floats, Floats] | None = None,
    accelerators_only: bool = False,
    told: list[Said] | None = None,
    cached: float | Floats = 0.0,
) -> Floats:
    """Draws of the energy of a request.

    Parameters
    ----------
    model : ClosedModel
    prompt, output : float or ndarray of shape (n,)
        Of each draw. [token/request]
    known : Known, optional
        What need not be drawn.
    n, seed : int
    sizes : (ndarray, ndarray), optional
        Draws of active and total parameters in place of the model's ranges, shape (n,).
    accelerators_only : bool
        Without host and building.
    told : list, optional
        Takes up what of `known` the draws could not keep.
    cached : float or ndarray of shape (n,)
        Share of the prompt that was read before and is cached, below 1. [1]

    Returns
    -------
    energy : ndarray, shape (n_kept,)
        Without draws that are slower than any service; at the building's meter, or at the accelerators. [Wh/request]

    Raises
    ------
    RangeError
        If a length is impossible, or what is known does not fit together.
    """
    known = known or Known()
    rng = np.random.default_rng(seed)
    if sizes is None:
        z = _normal(n, rng)
        rest = math.sqrt(1.0 - SIZE_CORRELATION**2) * _normal(n, rng)
        active = _between(model.active, z)
        total = _between(model.total, SIZE_CORRELATION * z + rest)
        sizes = active, np.maximum(total, active)
    active, total = (np.array(s, float) for s in sizes)
    if known.active is not None:
        active = np.full(n, known.active)
        total = np.maximum(total, active)
    if known.total is not None:
        total = np.full(n, known.total)
        active = np.minimum(active, total)
    if known.active is not None and known.total is not None and known.active > known.total:
        raise RangeError(
            _("active={a:.3g} is more than total={t:.3g}.").format(a=known.active, t=known.total)
        )
    chips = _picked(CHIPS.get(model.provider, CHIPS[""]), n, rng)
    kinds = _picked(PRECISIONS, n, rng)
    copies = np.where(_uniform(n, rng) < 0.5, 1, 2)
    load = np.exp(np.log(known.load[0]) + _uniform(n, rng) * np.log(known.load[1] / known.load[0]))
    lone = _uniform(n, rng)
    more = _uniform(n, rng)
    error = np.exp(MODEL_SD * _normal(n, rng))
    building = BUILDING[0] * np.exp(BUILDING[1] * _normal(n, rng))
    wide = (total >= 100e9) & (active < total / 2)
    gain = np.where(wide, GAIN_WIDE ** np.where(lone < NO_GAIN, 0.0, more), GAIN_NARROW**more)
    read, written, kept_share = (
        np.broadcast_to(np.asarray(v, float), (n,)) for v in (prompt, output, cached)
    )
    energy, pace, other = np.empty(n), np.empty(n), np.zeros((n, 2), bool)
    for i in range(n):
        energy[i], pace[i], other[i] = _one(
            float(total[i]), float(active[i]), known.chip or chips[i], known.precision or kinds[i],
            known, int(copies[i]), float(load[i]), float(read[i]), float(written[i]),
            float(kept_share[i]),
        )  # fmt: skip
    made = energy * error / gain
    kept = pace / gain <= SLOWEST_S
    if kept.sum() < n // 8:
        kept[:] = True
    if told is not None:
        told += _not_as_known(known, other[kept])
    if accelerators_only:
        return np.asarray(made[kept])
    if known.building is not None:
        # the host alone, as the building is known: 1.71 over a PUE of 1.09
        building = building / 1.09 * known.building
    return np.asarray((made * building)[kept])


def _one(
    total: float,
    active: float,
    chip_name: str,
    kind: str,
    known: Known,
    copies: int,
    load: float,
    prompt: float,
    output: float,
    cached: float = 0.0,
) -> tuple[float, float, tuple[bool, bool]]:
    """Energy of one request on accelerators and time of a token, for one draw [Wh, s]; whether batch and format are others."""
    chip = accelerator(chip_name)
    # a mixture below 0.8 of its size is drawn sparse, above it dense
    model = typical_architecture("closed", total, active if active < 0.8 * total else None)
    wanted, longest = kind, max(8192.0, prompt + output)
    # what does not fit as drawn, or is younger than the engine, is held in fp8, then for one request at a time, then on a
    # chip of more memory
    ways = [] if kind in NOT_SERVED.get(known.runtime or "", ()) else [(chip, kind, 4)]
    ways += [(chip, "fp8", 4), (chip, "fp8", 1)]
    ways += [] if known.chip else [(accelerator(c), "fp8", 1) for c in ROOMIER]
    for i, (box, form, sequences) in enumerate(ways):
        try:
            smallest = smallest_replica(model, box, form, longest, sequences)
        except TaotieError:
            if i == len(ways) - 1:
                raise
            continue
        chip, kind = box, form
        break
    n = known.accelerators or smallest * copies
    setup = (
        ServingSetup(model, chip, n, kind)
        if known.runtime is None
        else ServingSetup(model, chip, n, kind, known.runtime)
    )
    batch = known.batch if known.batch is not None else load * n
    most = float(setup.largest_batch(prompt + output))
    made = request_energy(setup, prompt, output, max(min(batch, most), 1.0))
    wh = float(made.accelerator_wh[0])
    if cached > 0:
        part = (
            prefill_beyond_cache(setup, prompt, cached).energy_j
            / prefill_of(setup, prompt).energy_j
        )
        wh -= float(made.prefill_wh[0]) * (1.0 - float(np.ravel(part)[0]))
    return wh, float(made.tpot_s[0]), (batch > most, kind != wanted)


def _not_as_known(known: Known, other: NDArray[np.bool_]) -> list[Said]:
    """What the asker knows and the draws could not keep."""
    share = 100 * other.mean(axis=0)
    said = []
    if known.batch is not None and share[0] > 0:
        said.append(
            Said(
                "closed_batch_limited",
                N_(
                    "in {share:.0f} % of the samples memory holds fewer than {batch:g} requests: as many as it holds are decoded together."
                ),
                {"share": float(share[0]), "batch": known.batch},
            )
        )
    if known.precision is not None and share[1] > 0:
        said.append(
            Said(
                "closed_precision_other",
                N_(
                    "in {share:.0f} % of the samples the chip has no {precision}, or memory no room: fp8 is taken there."
                ),
                {"share": float(share[1]), "precision": known.precision},
            )
        )
    return said


# ---- what prices and speeds can say ------------------------------------------------------------------


def price_share(energy_wh: float, paid_usd: float, electricity_usd_per_kwh: float = 0.08) -> float:
    """Share of what was paid that the electricity would have cost. [1]

    Raises
    ------
    RangeError
        If a price is not above 0.

    Examples
    --------
    DeepSeek's day of February 2025: 52.24 MWh at 0.08 USD/kWh of 562,027 USD:

    >>> round(price_share(52.24e6, 562_027.0), 7)
    0.0074359
    """
    for name, value in (
        ("paid_usd", paid_usd),
        ("electricity_usd_per_kwh", electricity_usd_per_kwh),
    ):
        if not (math.isfinite(value) and value > 0):
            raise RangeError(_("{name}={value} is not above 0.").format(name=name, value=value))
    return energy_wh / 1000.0 * electricity_usd_per_kwh / paid_usd


def price_bound_wh(
    prompt: float,
    output: float,
    price_in: float,
    price_out: float,
    electricity_usd_per_kwh: float = 0.08,
    share: float = 1.0,
) -> float:
    """Energy at which electricity would be a share of the list price of a request. [Wh]

    Examples
    --------
    GPT-5, 500 tokens read and 400 written: if all of the price were electricity, and if 1 % were:

    >>> price_bound_wh(500, 400, 1.25, 10.0), round(price_bound_wh(500, 400, 1.25, 10.0, share=0.01), 6)
    (57.8125, 0.578125)
    """
    paid = (prompt * price_in + output * price_out) / 1e6
    return 1000.0 * share * paid / electricity_usd_per_kwh


def speed_bound(
    tokens_per_s: float,
    chips: int,
    bandwidth_b_s: float,
    byte_per_parameter: float,
    bandwidth_share: float = 0.7,
    tokens_per_step: float = 1.0,
) -> float:
    """Most active parameters at which one user can get that speed: it refutes a size, it estimates none. [1]

    Notes
    -----
    ``A <= eta n BW spec / (s b)``

    Examples
    --------
    59 token/s from eight H100 in fp8 without speculation:

    >>> round(speed_bound(59.0, 8, 3.35e12, 1.0) / 1e9, 2)
    317.97
    """
    if not tokens_per_s > 0:
        raise RangeError(
            _("{name}={value} is not above 0.").format(name="tokens_per_s", value=tokens_per_s)
        )
    return (
        bandwidth_share * chips * bandwidth_b_s * tokens_per_step
        / (tokens_per_s * byte_per_parameter)
    )  # fmt: skip


def typical_speed_bound(tokens_per_s: float) -> float:
    """Most active parameters of nine in ten open models that their makers serve at that speed: typical, no law. [1]

    Notes
    -----
    Active parameters times speed of 17 open models: 448, 1,553 and 7,163 billion a second (10 %, middle, 90 %).

    Examples
    --------
    >>> round(typical_speed_bound(59.0) / 1e9, 3)
    121.407
    """
    if not tokens_per_s > 0:
        raise RangeError(
            _("{name}={value} is not above 0.").format(name="tokens_per_s", value=tokens_per_s)
        )
    return TYPICAL_PACE / tokens_per_s


def cache_read_j_per_token(
    context: float,
    kv_b_per_token: float,
    bandwidth_b_s: float,
    power_w: float,
    bandwidth_share: float = 0.7,
) -> float:
    """Energy of reading the cache of a context once, for each token written: no batch shares it. [J]

    Notes
    -----
    ``E = kv context / (eta BW) P``

    Examples
    --------
    A turn of a coding agent, 291,700 tokens of a DeepSeek shape on an H100 at 500 W:

    >>> round(cache_read_j_per_token(291_700, 70_272, 3.35e12, 500.0), 5)
    4.37065
    """
    return kv_b_per_token * context / (bandwidth_share * bandwidth_b_s) * power_w
