"""One training run over several sites: how long is a step, and which sites are best? Seconds, bits, accelerators.

Data-parallel training exchanges the model's gradients between sites: inside a site they are reduced first, so
the whole model - not the model times the accelerators - crosses the wide-area link once a ring step.
Exchanging every H-th step only (local steps), compressing, and overlapping with computation shrink it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import LinearConstraint, milp

from taotie.errors import CaseError, RangeError
from taotie.words.language import N_, _

__all__ = [
    "Site",
    "Split",
    "TrainingStep",
    "bandwidth_for_efficiency_bit_per_s",
    "best_split",
    "compute_s",
    "efficiency",
    "exchange_s",
    "hierarchical_exchange_s",
    "ring_factor",
    "step_s",
]

FloatArray = NDArray[np.float64]
SPLIT_LIMITS = (
    N_("data parallel over sites, one model replica or more in each: no pipeline across sites"),
    N_("links at their full rate, no failures, no stragglers"),
    N_("local steps are taken to need more tokens (see token_penalty), not to change the model"),
)


# ---- kernels ---------------------------------------------------------------------------------


def ring_factor(sites: ArrayLike) -> FloatArray:
    """How often the model crosses each link in an all-reduce over a ring.

    Notes
    -----
    ``2 (S - 1) / S``

    Examples
    --------
    >>> ring_factor([1, 2, 8, 23]).round(4)
    array([0.   , 1.   , 1.75 , 1.913])
    """
    s = np.asarray(sites, float)
    return np.asarray(2 * (s - 1) / s)


def compute_s(
    active_parameters: ArrayLike,
    tokens_per_step: ArrayLike,
    accelerators: ArrayLike,
    peak_flop_per_s: ArrayLike,
    mfu: ArrayLike,
) -> FloatArray:
    """Time one optimizer step computes.

    Parameters
    ----------
    active_parameters : array_like
        Parameters used per token. [1]
    tokens_per_step : array_like
        [token]
    accelerators : array_like
        [accelerator]
    peak_flop_per_s : array_like
        Of one accelerator, dense. [FLOP/s]
    mfu : array_like
        Share of the peak achieved. [1]

    Returns
    -------
    time_s : ndarray
        [s]

    Notes
    -----
    ``T = 6 P tokens / (N F mfu)``

    Examples
    --------
    280e9 active parameters and 60 million tokens on 100,000 accelerators of 989.4 TFLOP/s at 40 %:

    >>> compute_s(280e9, 60e6, 1e5, 989.4e12, 0.4).round(3)
    np.float64(2.547)
    """
    work = 6 * np.asarray(active_parameters, float) * np.asarray(tokens_per_step, float)
    rate = np.asarray(accelerators, float) * np.asarray(peak_flop_per_s, float)
    return np.asarray(work / (rate * np.asarray(mfu, float)))[()]


def exchange_s(
    model_bit: ArrayLike,
    sites: ArrayLike,
    bandwidth_bit_per_s: ArrayLike,
    compression: ArrayLike = 1.0,
    latency_s: ArrayLike = 0.0,
    bidirectional: bool = False,
) -> FloatArray:
    """Time of one exchange between sites over a ring.

    Parameters
    ----------
    model_bit : array_like
        Size of what is exchanged. [bit]
    sites : array_like
        [site]
    bandwidth_bit_per_s : array_like
        Sent by the slowest site. [bit/s]
    compression : array_like
        Times smaller on the wire. [1]
    latency_s : array_like
        One way between neighbours. [s]
    bidirectional : bool
        Both directions of the ring at once: half the time on the links.

    Returns
    -------
    time_s : ndarray
        0 for one site. [s]

    Notes
    -----
    ``T = 2 (S - 1)/S D / (c B) + 2 (S - 1) latency``

    Examples
    --------
    1.8e12 parameters of 2 bytes between two sites at 0.1, 1 and 10 Tbit/s:

    >>> exchange_s(1.8e12 * 16, 2, np.array([0.1e12, 1e12, 10e12])).round(2)
    array([288.  ,  28.8 ,   2.88])
    """
    s = np.asarray(sites, float)
    wire = ring_factor(s) * np.asarray(model_bit, float) / np.asarray(compression, float)
    on_link = wire / np.asarray(bandwidth_bit_per_s, float) / (2 if bidirectional else 1)
    return np.asarray(on_link + 2 * (s - 1) * np.asarray(latency_s, float))[()]


def hierarchical_exchange_s(
    model_bit: float,
    sites_per_region: int,
    regions: int,
    inside_bit_per_s: float,
    between_bit_per_s: float,
    compression: float = 1.0,
) -> float:
    """Time of an exchange in two levels: rings inside regions, then one ring over regions.

    Parameters
    ----------
    model_bit : float
        [bit]
    sites_per_region, regions : int
        [site], [1]
    inside_bit_per_s, between_bit_per_s : float
        Bandwidth of a site inside its region, and of a region to the others. [bit/s]
    compression : float
        [1]

    Returns
    -------
    time_s : float
        [s]

    Examples
    --------
    Eight sites in two regions, a fast net inside: most of the wait is for the one slow link.

    >>> round(hierarchical_exchange_s(28.8e12, 4, 2, 10e12, 1e12), 2)
    33.12
    """
    inside = exchange_s(model_bit, sites_per_region, inside_bit_per_s, compression)
    between = exchange_s(model_bit, regions, between_bit_per_s, compression)
    return float(inside + between)


def step_s(
    compute: ArrayLike, exchange: ArrayLike, local_steps: ArrayLike = 1.0, overlap: ArrayLike = 0.0
) -> FloatArray:
    """Mean time of a step with its share of the exchange.

    Parameters
    ----------
    compute, exchange : array_like
        [s]
    local_steps : array_like
        Steps between two exchanges. [1]
    overlap : array_like
        Share of the computing time in which the exchange goes on unnoticed, 0..1. [1]

    Returns
    -------
    time_s : ndarray
        [s]

    Notes
    -----
    ``T = T_comp + max(0, T_comm / H - overlap T_comp)``
    """
    t = np.asarray(compute, float)
    wait = np.asarray(exchange, float) / np.asarray(local_steps, float)
    return np.asarray(t + np.maximum(0, wait - np.asarray(overlap, float) * t))[()]


def efficiency(
    compute: ArrayLike, exchange: ArrayLike, local_steps: ArrayLike = 1.0, overlap: ArrayLike = 0.0
) -> FloatArray:
    """Computing over whole time of a step. [1]

    Examples
    --------
    The run above over two sites at 0.1, 1 and 10 Tbit/s, every step and every 500th:

    >>> wait = np.array([288.0, 28.8, 2.88])
    >>> (100 * efficiency(2.547, wait)).round(1)
    array([ 0.9,  8.1, 46.9])
    >>> (100 * efficiency(2.547, wait, local_steps=500)).round(1)
    array([81.6, 97.8, 99.8])
    """
    return np.asarray(np.asarray(compute, float) / step_s(compute, exchange, local_steps, overlap))[
        ()
    ]


def bandwidth_for_efficiency_bit_per_s(
    model_bit: ArrayLike,
    sites: ArrayLike,
    compute: ArrayLike,
    wanted: ArrayLike,
    local_steps: ArrayLike = 1.0,
) -> FloatArray:
    """Bandwidth at which a step without overlap reaches an efficiency (no latency). [bit/s]

    Examples
    --------
    95 % at every step takes 214.8 Tbit/s between two sites:

    >>> (bandwidth_for_efficiency_bit_per_s(28.8e12, 2, 2.547, 0.95) / 1e12).round(1)
    np.float64(214.8)
    """
    share = np.asarray(wanted, float)
    if not ((share > 0) & (share < 1)).all():
        raise RangeError(_("efficiency {value} is outside 0 to 1.").format(value=wanted))
    wait = np.asarray(compute, float) * (1 / share - 1) * np.asarray(local_steps, float)
    return np.asarray(ring_factor(sites) * np.asarray(model_bit, float) / wait)[()]


# ---- choosing sites --------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """A place that could host part of a cluster.

    Parameters
    ----------
    name : str
    headroom_mw : float
        Power the grid gives at the meter. [MW]
    wan_bit_per_s : float
        What the site sends to its neighbours. [bit/s]
    pue : float
        [1]
    price_usd_per_mwh : float
        [USD/MWh]
    """

    name: str
    headroom_mw: float
    wan_bit_per_s: float
    pue: float = 1.2
    price_usd_per_mwh: float = 60.0

    def __post_init__(self) -> None:
        for key, low in (
            ("headroom_mw", 0),
            ("wan_bit_per_s", 0),
            ("pue", 1),
            ("price_usd_per_mwh", -np.inf),
        ):
            value = getattr(self, key)
            if not (value >= low and np.isfinite(value)):
                raise RangeError(
                    _("site {site}: {key}={value} is not a number of at least {low}.").format(
                        site=self.name, key=key, value=value, low=low
                    )
                )


@dataclass(frozen=True)
class TrainingStep:
    """What one optimizer step computes and exchanges.

    Parameters
    ----------
    parameters, active_parameters : float
        All, and those used per token. [1]
    tokens_per_step : float
        [token]
    peak_flop_per_s, mfu : float
        Of one accelerator; share achieved. [FLOP/s], [1]
    power_w : float
        All-in power of one accelerator before PUE. [W]
    bytes_per_parameter : float
        Of what is exchanged. [B]
    compression, local_steps, overlap, latency_s
        See `exchange_s` and `step_s`.
    token_penalty : float
        Share of tokens more that local steps need; 0 at every step, 5 % assumed otherwise. [1]
    """

    parameters: float
    active_parameters: float
    tokens_per_step: float
    peak_flop_per_s: float = 989.4e12
    mfu: float = 0.4
    power_w: float = 1050.0
    bytes_per_parameter: float = 2.0
    compression: float = 1.0
    local_steps: float = 1.0
    overlap: float = 0.0
    latency_s: float = 0.0
    bidirectional: bool = False
    token_penalty: float | None = None

    def __post_init__(self) -> None:
        for key in ("parameters", "active_parameters", "tokens_per_step", "peak_flop_per_s", "mfu", "power_w",
                    "bytes_per_parameter"):  # fmt: skip
            if not 0 < getattr(self, key) < np.inf:
                raise RangeError(
                    _("{key}={value} is not above 0.").format(key=key, value=getattr(self, key))
                )
        if (
            self.mfu > 1
            or not 0 <= self.overlap <= 1
            or self.compression < 1
            or self.local_steps < 1
        ):
            raise RangeError(
                _(
                    "mfu={mfu} and overlap={overlap} lie within 0 to 1; compression={c} and local_steps={h} are at least 1."
                ).format(mfu=self.mfu, overlap=self.overlap, c=self.compression, h=self.local_steps)
            )

    @property
    def model_bit(self) -> float:
        """Size of one exchange. [bit]"""
        return self.parameters * self.bytes_per_parameter * 8

    @property
    def tokens_more(self) -> float:
        """Share of tokens more that the run needs. [1]"""
        if self.token_penalty is not None:
            return self.token_penalty
        return 0.05 if self.local_steps > 1 else 0.0

    def compute_s(self, accelerators: float) -> float:
        """[s]"""
        return float(
            compute_s(
                self.active_parameters,
                self.tokens_per_step,
                accelerators,
                self.peak_flop_per_s,
                self.mfu,
            )
        )

    def exchange_s(self, sites: int, bandwidth_bit_per_s: float) -> float:
        """[s]"""
        if sites == 1:
            return 0.0
        if bandwidth_bit_per_s == 0:
            return float("inf")
        return float(
            exchange_s(
                self.model_bit,
                sites,
                bandwidth_bit_per_s,
                self.compression,
                self.latency_s,
                self.bidirectional,
            )
        )


@dataclass(frozen=True)
class Split:
    """A cluster spread over sites.

    Parameters
    ----------
    sites : tuple of Site
        Chosen ones.
    accelerators : tuple of int
        In each.
    compute_s, exchange_s, step_s : float
        [s]
    efficiency : float
        Computing over whole time. [1]
    useful_efficiency : float
        The same less the tokens local steps add. [1]
    tokens_per_s : float
        [token/s]
    power_mw : float
        At the meters. [MW]
    energy_mwh_per_step, cost_usd_per_step : float
        [MWh], [USD]
    limits : tuple of str
    """

    sites: tuple[Site, ...]
    accelerators: tuple[int, ...]
    compute_s: float
    exchange_s: float
    step_s: float
    efficiency: float
    useful_efficiency: float
    tokens_per_s: float
    power_mw: float
    energy_mwh_per_step: float
    cost_usd_per_step: float
    limits: tuple[str, ...] = SPLIT_LIMITS


def site_capacity(site: Site, power_w: float) -> int:
    """Accelerators a site's headroom feeds.

    Examples
    --------
    >>> site_capacity(Site("A", 150.0, 1e12, pue=1.15), 1050.0)
    124223
    """
    return int(np.floor(site.headroom_mw * 1e6 / (power_w * site.pue)))


def best_split(sites: Sequence[Site], step: TrainingStep, accelerators: int) -> Split:
    """Spread a cluster so that a step is shortest; among equally short ones, cheapest.

    Parameters
    ----------
    sites : sequence of Site
    step : TrainingStep
    accelerators : int
        Size of the cluster. [accelerator]

    Returns
    -------
    split : Split

    Raises
    ------
    CaseError
        All sites together do not feed the cluster.

    Notes
    -----
    The exchange of S sites lasts as long as its slowest link. For each S the slowest bandwidth that must
    be accepted is found among those of the sites; who then takes how many is a mixed-integer
    program over cost, solved by HiGHS.

    Examples
    --------
    One site that feeds all beats two joined by any link:

    >>> run = TrainingStep(1.8e12, 280e9, 60e6)
    >>> places = [Site("A", 80.0, 1e12), Site("B", 90.0, 1e12), Site("C", 130.0, 1e12)]
    >>> best_split(places, run, 100_000).accelerators
    (100000,)
    >>> spread = best_split(places[:2], run, 100_000)
    >>> len(spread.sites), round(spread.step_s, 1), round(spread.efficiency, 3)
    (2, 31.3, 0.081)
    """
    if accelerators < 1:
        raise RangeError(_("accelerators={n} is below 1.").format(n=accelerators))
    capacity = np.array([site_capacity(s, step.power_w) for s in sites])
    bandwidth = np.array([s.wan_bit_per_s for s in sites])
    if capacity.sum() < accelerators:
        raise CaseError(
            _("the {n} sites feed {have} accelerators; {want} are asked for.").format(
                n=len(sites), have=int(capacity.sum()), want=accelerators
            ),
            _("add sites or headroom, or lower power per accelerator or PUE."),
        )
    compute = step.compute_s(accelerators)
    best: tuple[float, int, float] | None = None
    for n in range(1, len(sites) + 1):
        slowest = _slowest_link(capacity, bandwidth, n, accelerators)
        if slowest is None:
            continue
        exchange = step.exchange_s(n, slowest)
        time = float(step_s(compute, exchange, step.local_steps, step.overlap))
        if best is None or time < best[0] * (1 - 1e-12):
            best = (time, n, slowest)
    if best is None:
        raise CaseError(_("no choice of sites feeds {n} accelerators.").format(n=accelerators))
    time, n, slowest = best
    usable = (
        np.flatnonzero(capacity > 0)
        if n == 1
        else np.flatnonzero((capacity > 0) & (bandwidth >= slowest))
    )
    counts = _cheapest(sites, capacity, usable, n, accelerators, step.power_w)
    chosen = [int(i) for i in np.flatnonzero(counts)]
    exchange = step.exchange_s(n, slowest)
    power = sum(int(counts[i]) * step.power_w * sites[i].pue for i in chosen) / 1e6
    cost_per_h = sum(
        int(counts[i]) * step.power_w * sites[i].pue / 1e6 * sites[i].price_usd_per_mwh
        for i in chosen
    )
    share = compute / time
    return Split(
        tuple(sites[i] for i in chosen), tuple(int(counts[i]) for i in chosen), compute, exchange, time,
        share, share / (1 + step.tokens_more), step.tokens_per_step / time / (1 + step.tokens_more),
        power, power * time / 3600, cost_per_h * time / 3600,
    )  # fmt: skip


def _slowest_link(
    capacity: NDArray[np.int64], bandwidth: FloatArray, n: int, wanted: int
) -> float | None:
    """Best possible slowest bandwidth of n sites that feed the cluster, each at least one."""
    for level in np.unique(bandwidth[capacity > 0])[::-1]:
        fit = np.sort(capacity[(bandwidth >= level) & (capacity > 0)])[::-1]
        if len(fit) >= n and fit[:n].sum() >= wanted >= n:
            return float(level)
    return None


def _cheapest(
    sites: Sequence[Site],
    capacity: NDArray[np.int64],
    usable: NDArray[np.int64],
    n: int,
    wanted: int,
    power_w: float,
) -> NDArray[np.int64]:
    """Accelerators in each site at least cost: integers n_s <= y_s capacity_s, exactly n sites."""
    k = len(usable)
    rate = np.array(
        [power_w * sites[i].pue / 1e6 * sites[i].price_usd_per_mwh for i in usable.tolist()]
    )
    constraints = [
        LinearConstraint(np.r_[np.ones(k), np.zeros(k)], wanted, wanted),
        LinearConstraint(np.r_[np.zeros(k), np.ones(k)], n, n),
        LinearConstraint(
            np.hstack([np.eye(k), -np.diag(capacity[usable].astype(float))]), -np.inf, 0
        ),
        LinearConstraint(np.hstack([np.eye(k), -np.eye(k)]), 0, np.inf),
    ]
    answer = milp(
        np.r_[rate, np.zeros(k)],
        constraints=constraints,
        integrality=np.ones(2 * k),
        bounds=(np.zeros(2 * k), np.r_[capacity[usable], np.ones(k)]),
    )
    if answer.status != 0 or answer.x is None:
        raise CaseError(
            _("the choice of sites was not solved: {reason}.").format(reason=answer.message)
        )
    counts = np.zeros(len(sites), np.int64)
    counts[usable] = np.round(answer.x[:k]).astype(np.int64)
    return counts
