"""What does a ServeGen service get asked? Its clients' rates and lengths, sampled into requests.

ServeGen [1]_ publishes no requests but, per client and window of ten minutes, a rate [request/s] and the shape of
the intervals (`chunk-<i>-trace.csv`, without header: time [s], rate, coefficient of variation, Gamma or Weibull,
shape, scale), and, per six hours, how often each length [token] came (`chunk-<i>-dataset.json`). Sampling keeps
each client's requests per window and its burstiness.

References
----------
.. [1] Source ``xiang2025_servegen``; the layout was read in files of that repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from taotie.errors import RangeError
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.requests import Floats, Ints, Requests

__all__ = ["MEDIA", "Lengths", "ServeGenClient", "ServeGenService", "overlap_s", "sampled_servegen"]

MEDIA = ("image", "audio", "video")
"""Whose counts and tokens a prompt may have beside its text."""


class Lengths(NamedTuple):
    """How often each length came: values and the share of values up to each. [token, 1]"""

    value: Ints
    up_to: Floats

    def sample(self, n: int, rng: np.random.Generator) -> Ints:
        """`n` lengths. [token]"""
        at = np.searchsorted(self.up_to, rng.random(n), side="right")
        return self.value[np.minimum(at, self.value.size - 1)]


@dataclass(frozen=True, eq=False)
class ServeGenClient:
    """One client: how often it asks in each window, and how long its requests are.

    Attributes
    ----------
    number : int
    start_s : ndarray, shape (n_window,)
        When each window begins. [s]
    rate_per_s : ndarray, shape (n_window,)
        [request/s]
    weibull : ndarray of bool, shape (n_window,)
        Intervals are Weibull, else gamma distributed.
    shape : ndarray, shape (n_window,)
        Of that distribution. [1]
    lengths : tuple of (float, dict)
        From when on [s], and the distribution of each field.
    """

    number: int
    start_s: Floats
    rate_per_s: Floats
    weibull: Any
    shape: Floats
    lengths: tuple[tuple[float, dict[str, Lengths]], ...]


@dataclass(frozen=True, eq=False)
class ServeGenService:
    """The clients of one service.

    Attributes
    ----------
    clients : tuple of ServeGenClient
    span_s : float
        End of the last window. [s]
    name : str
    said : tuple of Said
        What was left out on reading.
    """

    clients: tuple[ServeGenClient, ...]
    span_s: float
    name: str
    said: tuple[Said, ...] = ()

    def mean_rate_per_s(self, start_s: float = 0.0, end_s: float = float("inf")) -> float:
        """Requests per second of all clients over a part of the span. [request/s]"""
        end = min(end_s, self.span_s)
        if end <= start_s:
            return 0.0
        total = sum(
            float(client.rate_per_s @ overlap_s(client.start_s, self.span_s, start_s, end))
            for client in self.clients
        )
        return total / (end - start_s)


def overlap_s(start_s: Floats, span_s: float, low: float, high: float) -> Floats:
    """Seconds of each window between two moments. [s]"""
    ends = np.append(start_s[1:], span_s)
    return np.asarray(np.clip(np.minimum(ends, high) - np.maximum(start_s, low), 0.0, None))


def sampled_servegen(
    service: ServeGenService,
    rng: np.random.Generator,
    *,
    start_h: float = 0.0,
    duration_h: float | None = None,
    requests_per_day: float | None = None,
    max_requests: int = 50_000_000,
) -> Requests:
    """Requests of a ServeGen service over a part of its time.

    In each window a client asks as often as published, at intervals of its distribution that are stretched
    to fill the window. Prompt and answer are drawn independently, since only their separate distributions
    are published: long prompts do not go with long answers more often than by chance.

    Parameters
    ----------
    service : ServeGenService
    rng : numpy.random.Generator
        Source of randomness.
    start_h, duration_h : float
        Which part; all that follows by default. [h]
    requests_per_day : float, optional
        Every client asks more or less often, so that this is the mean rate of the part. [request/d]
    max_requests : int
        Refuse to make more than this.

    Returns
    -------
    requests : Requests
        The first at 0 s.

    Raises
    ------
    RangeError
        If the part is outside the published time, empty, or too long.
    """
    low, high = 3600.0 * start_h, service.span_s
    if duration_h is not None:
        high = min(high, low + 3600.0 * duration_h)
    if not 0 <= low < high:
        raise RangeError(
            _("{a} h to {b} h lies outside the {n:.0f} h of {name}.").format(
                a=start_h,
                b=start_h + (duration_h or 0.0),
                n=service.span_s / 3600,
                name=service.name,
            )
        )
    mean = service.mean_rate_per_s(low, high)
    scale = 1.0 if requests_per_day is None else requests_per_day / 86_400.0 / max(mean, 1e-300)
    expected = mean * scale * (high - low)
    if not 0 < scale < float("inf") or expected <= 0:
        raise RangeError(
            _("no request falls into {hours} h of {name}.").format(
                hours=(high - low) / 3600, name=service.name
            ),
            _("take a longer time"),
        )
    if expected > max_requests:
        raise RangeError(
            _("{n:.3g} requests are too many to list; the limit is {limit}.").format(
                n=expected, limit=max_requests
            ),
            _("sample a shorter time, or fewer requests a day"),
        )
    times: list[Floats] = []
    prompts: list[Ints] = []
    outputs: list[Ints] = []
    for client in service.clients:
        t, data = _arrivals(client, service.span_s, low, high, scale, rng)
        for which in np.unique(data):
            some = t[data == which]
            prompt, output = _drawn(client.lengths[which][1], some.size, rng)
            times.append(some)
            prompts.append(prompt)
            outputs.append(output)
    if not times:
        raise RangeError(
            _("no request falls into {hours} h of {name}.").format(
                hours=(high - low) / 3600, name=service.name
            ),
            _("take a longer time"),
        )
    t_s = np.concatenate(times)
    order = np.argsort(t_s, kind="stable")
    first = float(t_s[order[0]])
    return Requests(
        t_s=t_s[order] - first,
        prompt_tokens=np.concatenate(prompts)[order],
        output_tokens=np.concatenate(outputs)[order],
        name=service.name,
        source="xiang2025_servegen",
        said=(
            *service.said,
            Said("sampled", N_("sampled: not a log of real requests")),
            Said(
                "lengths_independent",
                N_(
                    "prompts and answers were sampled independently: only their separate lengths are published"
                ),
            ),
        ),
        span_s=high - first,
        layout=Said("layout", N_("read as {layout}"), {"layout": "servegen"}),
    )


def _arrivals(
    client: ServeGenClient,
    span_s: float,
    low: float,
    high: float,
    scale: float,
    rng: np.random.Generator,
) -> tuple[Floats, Ints]:
    """Arrival times of one client, and which of its length distributions holds at each."""
    width = overlap_s(client.start_s, span_s, low, high)
    begins = np.array([begin for begin, _fields in client.lengths])
    times, data = [], []
    for w in np.flatnonzero((width > 0) & (client.rate_per_s > 0)):
        # the whole part by the rate, the rest by chance: whole windows meet the published count
        n = int(np.floor(client.rate_per_s[w] * scale * width[w] + rng.random()))
        if n == 0:
            continue
        shape = client.shape[w]
        gap = rng.weibull(shape, n + 1) if client.weibull[w] else rng.gamma(shape, 1.0, n + 1)
        total = float(gap.sum())
        part = np.cumsum(gap[:-1]) / total if total > 0 else np.sort(rng.random(n))
        times.append(max(client.start_s[w], low) + width[w] * part)
        which = max(int(np.searchsorted(begins, client.start_s[w], side="right")) - 1, 0)
        data.append(np.full(n, which, dtype=np.int64))
    if not times:
        return np.zeros(0), np.zeros(0, np.int64)
    return np.concatenate(times), np.concatenate(data)


def _drawn(fields: dict[str, Lengths], n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Prompt (text, and what images, sound and video add) and answer lengths."""
    prompt = np.zeros(n, np.int64)
    for name in ("input_tokens", "text_tokens"):
        if name in fields and fields[name].value.size:
            prompt += fields[name].sample(n, rng)
            break
    for medium in MEDIA:
        counts, tokens = fields.get(f"{medium}_count"), fields.get(f"{medium}_tokens")
        if "input_tokens" in fields or counts is None or tokens is None:
            continue
        if counts.value.size and tokens.value.size:
            many = counts.sample(n, rng)
            each = tokens.sample(int(many.sum()), rng)
            prompt += np.bincount(np.repeat(np.arange(n), many), weights=each, minlength=n).astype(
                np.int64
            )
    output = fields["output_tokens"].sample(n, rng)
    return np.maximum(prompt, 1), np.maximum(output, 1)
