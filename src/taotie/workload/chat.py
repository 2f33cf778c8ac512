"""What does a chat service get asked, when no log is at hand? Token lengths [token] and a stream of requests.

The lengths are a mixture of eight log-normal clusters, fitted by us to one hour of one service (Azure, November
2023; `refit.py` repeats the fit). Another service has other lengths: give a log of yours, or its means.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, SourceError
from taotie.quantity.catalog import table
from taotie.quantity.points import row_means
from taotie.words.language import N_, _, in_language, language
from taotie.words.said import Said
from taotie.workload.daily_shape import DailyShape, WeeklyShape
from taotie.workload.requests import Floats, Ints, Requests, TokenMoments

__all__ = [
    "SAMPLED", "SampledParts", "TokenLengths", "arrival_times", "chat_lengths", "length_clusters", "sampled_requests",
]  # fmt: skip

SAMPLED = Said("sampled", N_("sampled: not a log of real requests"))
"""What is said of sampled requests."""
_NODES = 80  # Gauss-Hermite nodes per direction: means are good to about 1e-4, see the tests


@dataclass(frozen=True, eq=False)
class TokenLengths:
    """Prompt and output lengths of requests: a mixture of clusters, log-normal in both.

    Attributes
    ----------
    weight : ndarray, shape (n_cluster,)
        Share of requests in each cluster; sums to 1. [1]
    ln_prompt, ln_output : ndarray, shape (n_cluster,)
        Mean of the logarithm of the length. [ln token]
    sd_prompt, sd_output : ndarray, shape (n_cluster,)
        Standard deviation of that logarithm. [1]
    correlation : ndarray, shape (n_cluster,)
        Correlation of the two logarithms within a cluster. [1]
    max_prompt, max_output : float
        Lengths are cut off here, as the service does. [token]
    name, source : str
        For reports: what this is, and what it was fitted to.
    """

    weight: Floats
    ln_prompt: Floats
    ln_output: Floats
    sd_prompt: Floats
    sd_output: Floats
    correlation: Floats
    max_prompt: float
    max_output: float
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        keys = ("weight", "ln_prompt", "ln_output", "sd_prompt", "sd_output", "correlation")
        for key in keys:
            values = np.array(getattr(self, key), dtype=np.float64)
            values.flags.writeable = False
            object.__setattr__(self, key, values)
            if values.ndim != 1 or values.shape != self.weight.shape or not values.size:
                raise RangeError(_("{key} of token lengths has the wrong shape.").format(key=key))
            if not np.isfinite(values).all():
                raise RangeError(_("{key} of token lengths is not finite.").format(key=key))
        total = float(self.weight.sum())
        if (self.weight < 0).any() or abs(total - 1.0) > 1e-3:
            raise RangeError(
                _("shares of clusters sum to {total}, not to 1.").format(total=total),
            )
        object.__setattr__(self, "weight", self.weight / total)
        if (np.minimum(self.sd_prompt, self.sd_output) <= 0).any():
            raise RangeError(_("a spread of token lengths is not above 0."))
        if (np.abs(self.correlation) > 1).any():
            raise RangeError(_("a correlation of token lengths leaves -1..1."))
        if min(self.max_prompt, self.max_output) < 1:
            raise RangeError(_("the longest prompt and output must have at least 1 token."))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
        """Draw lengths of `n` requests.

        Parameters
        ----------
        n : int
            Number of requests. [request]
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        prompt_tokens, output_tokens : ndarray of int64, shape (n,)
            At least 1. [token]
        """
        cluster = rng.choice(self.weight.size, size=n, p=self.weight)
        a, b = rng.standard_normal(n), rng.standard_normal(n)
        return self._tokens(cluster, a, b)

    def _tokens(self, cluster: npt.NDArray[np.int64], a: Floats, b: Floats) -> tuple[Ints, Ints]:
        """Whole tokens of draws. [token]"""
        prompt, output = self._lengths(cluster, a, b)
        return (
            np.clip(np.rint(prompt), 1, self.max_prompt).astype(np.int64),
            np.clip(np.rint(output), 1, self.max_output).astype(np.int64),
        )

    def _lengths(
        self, cluster: npt.NDArray[np.int64], a: Floats, b: Floats
    ) -> tuple[Floats, Floats]:
        """Lengths of independent standard normal draws `a`, `b` in their clusters, cut off."""
        r = self.correlation[cluster]
        ln_p = self.ln_prompt[cluster] + self.sd_prompt[cluster] * a
        ln_o = self.ln_output[cluster] + self.sd_output[cluster] * (
            r * a + np.sqrt(1.0 - r * r) * b
        )
        return (
            np.clip(np.exp(ln_p), 1.0, self.max_prompt),
            np.clip(np.exp(ln_o), 1.0, self.max_output),
        )

    @cached_property
    def moments(self) -> TokenMoments:
        """Means of the lengths and of their products, by quadrature. [token, token2]"""
        node, w = np.polynomial.hermite_e.hermegauss(_NODES)
        w = w / w.sum()
        cluster = np.repeat(np.arange(self.weight.size), _NODES * _NODES)
        a = np.tile(np.repeat(node, _NODES), self.weight.size)
        b = np.tile(np.tile(node, _NODES), self.weight.size)
        share = self.weight[cluster] * np.tile(np.outer(w, w).ravel(), self.weight.size)
        p, o = self._lengths(cluster, a, b)

        def mean(values: Floats) -> float:
            # in one order, however many threads a product of the machine's own library takes
            return float(row_means(share * values)) * share.size

        return TokenMoments(
            mean_prompt=mean(p),
            mean_output=mean(o),
            mean_context=mean(o * (p + 0.5 * o)),
            mean_prompt_squared=mean(p * p),
            mean_output_squared=mean(o * o),
            mean_prompt_output=mean(p * o),
        )

    def scaled(
        self, mean_prompt: float | None = None, mean_output: float | None = None
    ) -> TokenLengths:
        """The same shape with another mean prompt or mean output length.

        Every length, and the longest allowed, is stretched by one factor. Lengths near 1 token are not
        shortened further, so very small means are met only roughly.

        Parameters
        ----------
        mean_prompt, mean_output : float, optional
            Wanted means; None keeps the present one. [token]
        """
        factors = []
        for wanted, present, key in (
            (mean_prompt, self.moments.mean_prompt, "mean_prompt"),
            (mean_output, self.moments.mean_output, "mean_output"),
        ):
            if wanted is not None and not 1 <= wanted < float("inf"):
                raise RangeError(
                    _("{key}={value} token is not at least 1.").format(key=key, value=wanted)
                )
            factors.append(1.0 if wanted is None else wanted / present)
        return replace(
            self,
            ln_prompt=self.ln_prompt + np.log(factors[0]),
            ln_output=self.ln_output + np.log(factors[1]),
            max_prompt=max(1.0, self.max_prompt * factors[0]),
            max_output=max(1.0, self.max_output * factors[1]),
        )


def chat_lengths() -> TokenLengths:
    """Our fit of prompt and output lengths to one hour of an Azure chat service.

    Returns
    -------
    lengths : TokenLengths
        Coefficients from the table `workload_defaults`.

    References
    ----------
    .. [1] Source ``taotie_fit2026``; the trace is ``patel2024_splitwise``.

    Examples
    --------
    The trace itself has means of 1155 and 211 tokens:

    >>> m = chat_lengths().moments
    >>> round(m.mean_prompt), round(m.mean_output)
    (1156, 211)
    """
    return _chat_lengths(language())  # the name is in the language in force


@lru_cache(maxsize=2)
def _chat_lengths(code: str) -> TokenLengths:
    return length_clusters(
        "workload_defaults",
        "chat_cluster_",
        "chat_lengths",
        in_language(N_("built-in chat lengths (our fit to one hour of one service)"), code),
    )


def length_clusters(topic: str, clusters: str, limits: str, name: str) -> TokenLengths:
    """A mixture of clusters as a table holds it.

    Parameters
    ----------
    topic : str
        Name of the table.
    clusters : str
        What the names of the clusters' items begin with.
    limits : str
        Item with `max_prompt` and `max_output`.
    name : str
        For reports.

    Raises
    ------
    SourceError
        If a cell is missing.
    """
    cells = table(topic)
    items = [item for item in cells.items() if item.startswith(clusters)]

    def number(item: str, quantity: str) -> float:
        value = cells.value(item, quantity)
        if not isinstance(value, float):
            raise SourceError(
                _("table {table} lacks {quantity}.").format(table=topic, quantity=quantity)
            )
        return value

    columns = {
        quantity: np.array([number(item, quantity) for item in items])
        for quantity in (
            "weight",
            "ln_prompt",
            "ln_output",
            "sd_prompt",
            "sd_output",
            "correlation",
        )
    }
    return TokenLengths(
        **columns,
        max_prompt=number(limits, "max_prompt"),
        max_output=number(limits, "max_output"),
        name=name,
        source="taotie_fit2026",
    )


def sampled_requests(
    lengths: TokenLengths,
    requests_per_day: float,
    rng: np.random.Generator,
    *,
    shape: DailyShape | WeeklyShape | None = None,
    start_h: float = 0.0,
    duration_h: float = 24.0,
    interval_cv: float = 1.0,
    name: str = "",
    max_requests: int = 50_000_000,
) -> Requests:
    """A stream of requests with the day's course and the given lengths.

    The rate is constant within each hour of the day. By default arrivals are a Poisson process: independent
    users, no bursts beyond chance. Real logs are burstier: the intervals of the Azure conversation hour have a
    coefficient of variation of 1.09, and its requests per minute vary sixteen times more than chance.

    Parameters
    ----------
    lengths : TokenLengths
        Where prompt and output lengths are drawn from.
    requests_per_day : float
        Expected requests on a whole day. [request/d]
    rng : numpy.random.Generator
        Source of randomness.
    shape : DailyShape or WeeklyShape, optional
        Course of the day or week; flat by default.
    start_h, duration_h : float
        First hour of the day (of the week, from Monday on) and length of the stream. [h]
    interval_cv : float, default 1
        Standard deviation over mean of the intervals between requests: 1 is a Poisson process, above 1 they
        come in bursts, below 1 evenly (gamma-distributed intervals). [1]
    name : str, optional
        For reports.
    max_requests : int
        Refuse to make more than this.

    Returns
    -------
    requests : Requests
        The first at 0 s; `span_s` is the whole duration after it.

    Raises
    ------
    RangeError
        If a number is not positive, the stream would be too long, or no request falls into it.
    """
    t_s = arrival_times(
        requests_per_day,
        rng,
        shape=shape,
        start_h=start_h,
        duration_h=duration_h,
        interval_cv=interval_cv,
        max_requests=max_requests,
    )
    prompt, output = lengths.sample(t_s.size, rng)
    return Requests(
        t_s=t_s - t_s[0],
        prompt_tokens=prompt,
        output_tokens=output,
        name=name or _("sampled requests"),
        source=lengths.source,
        said=(SAMPLED,),
        span_s=3600.0 * duration_h - float(t_s[0]),
    )


class SampledParts:
    """The requests of `sampled_requests` (independent users), drawn in parts: the same numbers, and as many as wanted.

    Each column has its own place in the stream of random numbers, and is drawn from there on.

    Parameters
    ----------
    lengths, requests_per_day, rng, shape, start_h, duration_h
        As in `sampled_requests`; `rng` is a PCG64 generator and stays as it is.

    Raises
    ------
    RangeError
        If a number is not positive, or no request falls into the time.
    """

    def __init__(
        self,
        lengths: TokenLengths,
        requests_per_day: float,
        rng: np.random.Generator,
        *,
        shape: DailyShape | WeeklyShape | None = None,
        start_h: float = 0.0,
        duration_h: float = 24.0,
    ) -> None:
        self.lengths, self.source = lengths, lengths.source
        edges, expected = _steps(requests_per_day, shape, start_h, duration_h)
        self.edges = edges
        begin = deepcopy(rng)
        self.counts = begin.poisson(expected)
        self.n = int(self.counts.sum())
        _some(self.n, duration_h, requests_per_day)
        # behind the number of requests: a double each for times and clusters, then normal draws for prompts, answers
        self.places = [deepcopy(begin), _ahead(begin, self.n), _ahead(begin, 2 * self.n)]
        self.first_s = float(next(self._times())[0])
        self.span_s = 3600.0 * duration_h - self.first_s

    def _times(self) -> Iterator[Floats]:
        """Arrivals in order, a step of the day at a time. [s]"""
        rng = deepcopy(self.places[0])
        for count, low, width in zip(
            self.counts.tolist(), self.edges.tolist(), np.diff(self.edges).tolist(), strict=False
        ):
            if count:
                t = rng.random(count)
                t *= width
                t += low
                t.sort()
                t *= 3600.0
                yield t

    def parts(self, size: int = 1 << 18) -> Iterator[tuple[Floats, Ints, Ints]]:
        """Arrivals after the first [s], prompts and answers [token], in parts of at most `size` requests."""
        if len(self.places) == 3:  # where normal draws end is known once they were drawn
            last = deepcopy(self.places[2])
            whole, rest = divmod(self.n, size)
            for count in [size] * whole + [rest]:
                last.standard_normal(count)
            self.places.append(last)
        weight = self.lengths.weight
        _at, clusters, a, b = (deepcopy(one) for one in self.places)
        for t in self._times():
            for low in range(0, t.size, size):
                part = t[low : low + size] - self.first_s
                n = part.size
                cluster = clusters.choice(weight.size, size=n, p=weight)
                draws = (a.standard_normal(n), b.standard_normal(n))
                yield part, *self.lengths._tokens(cluster, *draws)


def _ahead(rng: np.random.Generator, doubles: int) -> np.random.Generator:
    """The generator after so many doubles."""
    later = deepcopy(rng)
    bits = later.bit_generator
    if not isinstance(bits, np.random.PCG64):
        raise TypeError(type(bits).__name__)
    bits.advance(doubles)
    return later


def _steps(
    per_day: float, shape: DailyShape | WeeklyShape | None, start_h: float, duration_h: float
) -> tuple[Floats, Floats]:
    """Edges of steps of constant rate [h], and the requests expected in each.

    Raises
    ------
    RangeError
        If a number is not positive.
    """
    for key, value in (("requests_per_day", per_day), ("duration_h", duration_h)):
        if not 0 < value < float("inf"):
            raise RangeError(_("{key}={value} is not above 0.").format(key=key, value=value))
    day = shape if shape is not None else DailyShape.flat()
    edges, rate = day.steps(per_day, start_h, duration_h)
    return edges, rate * np.diff(edges)


def _some(n: int, duration_h: float, per_day: float) -> None:
    """Refuse a time into which nothing falls.

    Raises
    ------
    RangeError
    """
    if n == 0:
        raise RangeError(
            _("no request falls into {hours} h at {rate} requests a day.").format(
                hours=duration_h, rate=per_day
            ),
            _("take a longer time"),
        )


def arrival_times(
    per_day: float,
    rng: np.random.Generator,
    *,
    shape: DailyShape | WeeklyShape | None = None,
    start_h: float = 0.0,
    duration_h: float = 24.0,
    interval_cv: float = 1.0,
    max_requests: int = 50_000_000,
) -> Floats:
    """When requests (or conversations) come; parameters as in `sampled_requests`.

    Returns
    -------
    t_s : ndarray, shape (n,)
        In order, counted from `start_h`; at least one. [s]

    Raises
    ------
    RangeError
        If a number is not positive, the stream would be too long, or nothing falls into it.
    """
    edges, expected = _steps(per_day, shape, start_h, duration_h)
    if not 0 < interval_cv < float("inf"):
        raise RangeError(
            _("{key}={value} is not above 0.").format(key="interval_cv", value=interval_cv)
        )
    if expected.sum() > max_requests:
        raise RangeError(
            _("{n:.3g} requests are too many to list; the limit is {limit}.").format(
                n=expected.sum(), limit=max_requests
            ),
            _("sample a shorter time: the energy per request does not change"),
        )
    t_h = (
        _poisson_times(edges, expected, rng)
        if interval_cv == 1.0
        else _gamma_times(edges, expected, interval_cv, rng)
    )
    _some(t_h.size, duration_h, per_day)
    return np.asarray(3600.0 * np.sort(t_h), dtype=np.float64)


def _poisson_times(edges: Floats, expected: Floats, rng: np.random.Generator) -> Floats:
    """Arrivals of independent users: given their number, uniform within a step."""
    counts = rng.poisson(expected)
    spread = rng.random(int(counts.sum())) * np.repeat(np.diff(edges), counts)
    return np.asarray(np.repeat(edges[:-1], counts) + spread)


def _gamma_times(
    edges: Floats, expected: Floats, interval_cv: float, rng: np.random.Generator
) -> Floats:
    """Arrivals at gamma-distributed intervals, on a clock that runs with the rate."""
    whole = np.concatenate([[0.0], np.cumsum(expected)])
    shape = 1.0 / interval_cv**2
    margin = 10.0 + whole[-1] + 6.0 * interval_cv * np.sqrt(whole[-1] + 1.0)
    parts: list[Floats] = []
    reached = 0.0
    while reached < whole[-1]:  # once, but for very uneven intervals
        part = reached + np.cumsum(rng.gamma(shape, 1.0 / shape, int(margin)))
        parts.append(part)
        reached = float(part[-1])
    clock = np.concatenate(parts) if parts else np.empty(0)
    return np.asarray(np.interp(clock[clock < whole[-1]], whole, edges))
