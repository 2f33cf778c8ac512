"""What does a service draw that is too large to simulate whole? A slice of its fleet at each hour's load stands for it.

The day is simulated with a few of the replicas and their share of the requests, each hour shortened to what shows its
load: whole replicas, requests as they come by chance, batching, waiting. A small service is simulated as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taotie.compute.serving.case import ServingCase, serving_of
from taotie.compute.serving.result import PowerSeries, ServingRun
from taotie.compute.serving.service import ServiceLevel, Serving, simulate
from taotie.errors import RangeError
from taotie.words.language import _
from taotie.workload.requests import Requests

__all__ = ["SLICE_ERROR", "ServedSlice", "kept_replicas", "kept_share", "served_slice"]

FloatArray = NDArray[np.float64]
Lengths = Callable[[int, np.random.Generator], tuple[NDArray[np.int64], NDArray[np.int64]]]

MOST_REPLICAS = 6
MOST_REQUESTS = 60_000
SEARCHED_REQUESTS = 40_000
LEAST_HOUR_S = 20.0
N_SEARCH = 14
N_NEAR = 6
"""Steps of the search that stay near the guess."""
FEW_REQUESTS = 5_000
SLICE_ERROR = 0.06
"""Share by which energy per request of a slice misses that of the whole service, nine times out of ten.

From 24 services simulated whole and as slices: `tests/compute/serving/test_slice.py`, `make accept`.
"""
WH = 3600.0


@dataclass(frozen=True)
class ServedSlice:
    """A day of a service, from a slice of its fleet.

    Parameters
    ----------
    replicas, simulated : int
        Of the whole fleet, and those that were simulated.
    requests : int
        Simulated.
    hour_s : float
        To what an hour was shortened. [s]
    prefill_wh, decode_wh : float
        Of a mean request, accelerators alone. [Wh/request]
    host_wh, idle_wh : float
        Hosts while their replica works; accelerators and hosts of replicas that wait. [Wh/request]
    batch : float
        Harmonic mean over requests of the hours' batch: energy goes with its inverse. [1]
    busy_share : float
        Of the day, in which a replica serves anybody. [1]
    hourly_power_w : ndarray, shape (n_hour,)
        Draw of the whole fleet. [W]
    kept : float
        Share of requests that keep the promise; NaN without one. [1]
    """

    replicas: int
    simulated: int
    requests: int
    hour_s: float
    prefill_wh: float
    decode_wh: float
    host_wh: float
    idle_wh: float
    batch: float
    busy_share: float
    hourly_power_w: FloatArray
    kept: float

    @property
    def server_wh(self) -> float:
        """All of a mean request at the server's plug. [Wh/request]"""
        return self.prefill_wh + self.decode_wh + self.host_wh + self.idle_wh


def served_slice(
    case: ServingCase,
    lengths: Lengths,
    means: tuple[float, float],
    requests_per_day: float,
    day_share: FloatArray,
    *,
    most_requests: int = MOST_REQUESTS,
    most_replicas: int = MOST_REPLICAS,
    seed: int = 0,
) -> ServedSlice:
    """Simulate a day of a service, or of a slice of it.

    Parameters
    ----------
    case : ServingCase
        With its whole number of `replicas`; a `level` is held against what came out.
    lengths : callable
        Given a number and a generator: prompt and answer of so many requests. [token]
    means : (float, float)
        Mean prompt and answer, around which the cost tables are most exact. [token]
    requests_per_day : float
        [request/d]
    day_share : array_like, shape (n_hour,)
        Share of the day's requests by hour.
    most_requests, most_replicas : int
        How large a slice may be.
    seed : int

    Raises
    ------
    RangeError
        If nobody asks, or nothing could be served.

    Examples
    --------
    A thousand times the replicas at a thousand times the load is the same service:

    >>> flat = np.full(24, 1 / 24)
    >>> def lengths(n, rng):
    ...     return np.full(n, 300), np.full(n, 300)
    >>> one = ServingCase("llama-3.1-8b", "h100-sxm", 1, replicas=4)
    >>> many = replace(one, replicas=4000)
    >>> a = served_slice(one, lengths, (300, 300), 2e6, flat, most_requests=5000)
    >>> b = served_slice(many, lengths, (300, 300), 2e9, flat, most_requests=5000)
    >>> bool(abs(a.server_wh / b.server_wh - 1) < 0.05)
    True
    """
    share = np.asarray(day_share, dtype=np.float64)
    share = share / share.sum()
    if not requests_per_day > 0:
        raise RangeError(_("a service without requests has no energy per request."))
    whole = case.replicas or 1
    n, per_day = _slice_of(whole, requests_per_day, len(share), most_requests, most_replicas)
    requests, hour = _shortened_day(lengths, per_day, share, most_requests, seed)
    serving = replace(
        serving_of(replace(case, replicas=n, level=None), *means), bin_s=hour, seed=seed
    )
    run = simulate(requests, serving)
    return _read(run, serving, requests, share, hour, whole, case.level)


def kept_share(level: ServiceLevel, requests: float) -> float:
    """Share of so many requests that must keep a promise: a day of few tells it no finer than two standard errors. [1]"""
    if requests >= FEW_REQUESTS:
        return level.share
    return level.share - 2.0 * math.sqrt(level.share * (1.0 - level.share) / max(requests, 1.0))


def kept_replicas(
    case: ServingCase,
    lengths: Lengths,
    means: tuple[float, float],
    requests_per_day: float,
    day_share: FloatArray,
    near: int,
    *,
    most_requests: int = SEARCHED_REQUESTS,
    seed: int = 0,
) -> int:
    """Fewest replicas with which the promise of `case` is kept, searched around a first guess.

    A fleet of up to `MOST_REPLICAS` is searched one by one; of a larger one the load of a replica is searched,
    to a few per cent.

    Raises
    ------
    RangeError
        If no number of replicas keeps it.
    """
    level = case.level
    if level is None:
        raise RangeError(_("no promise is given that replicas could keep."))

    def keeps(n: int) -> bool:
        made = served_slice(
            replace(case, replicas=n), lengths, means, requests_per_day, day_share,
            most_requests=most_requests, seed=seed,
        )  # fmt: skip
        return made.kept >= kept_share(level, made.requests)

    near = max(int(near), 1)
    low, high = 0, near
    for _try in range(N_SEARCH):
        if keeps(high):
            break
        # a promise hardly kept by a machine that stands alone needs many times the guess
        low, high = high, max(high + 1, round(high * (1.15 if _try < N_NEAR else 1.6)))
    else:
        raise RangeError(
            _("no fleet keeps the service level: with {n} replicas too few requests do.").format(
                n=high
            ),
            _("allow more time, or take a faster replica, a smaller batch, or shorter requests"),
        )
    if low == 0:  # the guess keeps it: fewer may
        step = max(1, round(0.12 * high))
        while high > 1:
            fewer = max(high - step, 1)
            if not keeps(fewer):
                low = fewer
                break
            high = fewer
    while high - low > max(1, round(0.02 * high)):
        middle = (low + high) // 2
        if middle in (low, high):
            break
        if keeps(middle):
            high = middle
        else:
            low = middle
    return high


def _slice_of(
    whole: int, per_day: float, hours: int, most_requests: int, most_replicas: int
) -> tuple[int, float]:
    """Replicas of the slice, and the requests a day that come to them."""
    n = min(whole, most_replicas)
    # an hour must not become shorter than what shows its load
    longest = most_requests / (per_day / whole * LEAST_HOUR_S / 3600.0)
    n = max(min(n, int(longest)), 1)
    return n, per_day * n / whole


def _shortened_day(
    lengths: Lengths, per_day: float, share: FloatArray, most_requests: int, seed: int
) -> tuple[Requests, float]:
    """Requests of a day whose hours are shortened where there are many."""
    rng = np.random.default_rng([seed, 24])
    hour = (86_400.0 / len(share)) * min(1.0, most_requests / per_day)
    expected = per_day * share * hour / (86_400.0 / len(share))
    count = rng.poisson(expected)
    if not count.any():
        count[int(np.argmax(share))] = 1
    times = np.concatenate(
        [(h + np.sort(rng.random(n))) * hour for h, n in enumerate(count.tolist())]
    )
    prompt, output = lengths(times.size, rng)
    return (
        Requests(
            t_s=times, prompt_tokens=prompt, output_tokens=output, name="slice",
            span_s=hour * len(share),
        ),
        hour,
    )  # fmt: skip


def _read(
    run: ServingRun,
    serving: Serving,
    requests: Requests,
    share: FloatArray,
    hour: float,
    whole: int,
    level: ServiceLevel | None,
) -> ServedSlice:
    served = len(run.number)
    if not served:
        raise RangeError(_("no request was served: there is no energy per request."))
    account = run.pools[0]
    power = run.power()
    hours = len(share)
    busy_j = float(account.busy_nj.sum()) / 1e9
    prefill_j = float(account.prefill_nj.sum()) / 1e9
    idle_j = float(account.idle_nj.sum()) / 1e9
    host_j = float(account.host_nj.sum()) / 1e9
    on_s = float(account.on_ps.sum()) / 1e12
    wait_s = on_s - float(account.busy_ps.sum()) / 1e12
    # the host of a replica that waits belongs to the waiting
    waiting_host_j = (account.host_idle_mw * 1e-3 + 1e-6 * account.host_ppm * account.idle_mw * 1e-3) * wait_s  # fmt: skip
    batch = np.maximum(power.mean_batch[:hours], 1.0)
    per_replica = _by_hour(power, hours) / serving.replicas
    return ServedSlice(
        replicas=whole,
        simulated=serving.replicas,
        requests=served,
        hour_s=hour,
        prefill_wh=prefill_j / served / WH,
        decode_wh=(busy_j - prefill_j) / served / WH,
        host_wh=(host_j - waiting_host_j) / served / WH,
        idle_wh=(idle_j + waiting_host_j) / served / WH,
        batch=float(1.0 / np.sum(share[: len(batch)] / batch) * share[: len(batch)].sum()),
        busy_share=max(1.0 - wait_s / on_s, 1e-9),
        hourly_power_w=per_replica * whole,
        kept=run.attainment(level) if level is not None else float("nan"),
    )


def _by_hour(power: PowerSeries, hours: int) -> FloatArray:
    """Draw in each hour; what is finished after the last one belongs to it. [W]"""
    total = np.asarray(power.total_w, dtype=np.float64)
    out = np.zeros(hours)
    out[: min(hours, total.size)] = total[:hours]
    return out
