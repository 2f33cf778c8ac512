"""How does a log become one of another rate without losing its bursts? Three ways, none keeps everything.

============ ======================= ========================================== =========================
way          intervals' variation    index of dispersion in windows of `w` s    course of the day
============ ======================= ========================================== =========================
``time``     kept exactly            that of ``w * factor`` s                   a day lasts 1/factor days
``copies``   towards 1               kept for bursts shorter than the shift of  kept
                                     copies; slower swings stay in step
``thinning`` towards 1               1 + share * (before - 1)                   kept
============ ======================= ========================================== =========================

`time` is one service that works faster; `copies` is more users of the same kind; `thinning` fewer of them (its formula is
for requests on their own: whole conversations are kept or left out). Copies are shifted by up to half an hour either
way: longer than most bursts, short against the day.

The index of dispersion is variance over mean of the requests in windows of `w` seconds: 1 for independent users.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.requests import Ints, PrefixBlocks, Requests

__all__ = [
    "SCALINGS",
    "SHIFT_S",
    "Burstiness",
    "burstiness",
    "checked_factor",
    "compressed",
    "index_of_dispersion",
    "interval_variation",
    "said_faster",
    "scaled",
    "superposed",
    "thinned",
]

SCALINGS = ("time", "copies", "thinning")
"""Ways to scale a log; the first is the default."""

SHIFT_S = 1800.0
"""Copies are shifted by up to this much, either way; assumed: longer than most bursts, short against a day. [s]"""

MAX_REQUESTS = 50_000_000


class Burstiness(NamedTuple):
    """How uneven arrivals are."""

    interval_variation: float
    """Standard deviation over mean of the intervals; 1 for independent users. [1]"""
    window_s: tuple[float, ...]
    dispersion: tuple[float, ...]
    """Variance over mean of the requests in windows of that length. [1]"""


def interval_variation(t_s: npt.ArrayLike) -> float:
    """Standard deviation over mean of the intervals between arrivals.

    Parameters
    ----------
    t_s : array_like, shape (n_request,)
        Arrivals in order. [s]

    Returns
    -------
    variation : float
        NaN for fewer than three arrivals. [1]

    Examples
    --------
    >>> interval_variation([0.0, 1.0, 2.0, 3.0])
    0.0
    """
    gaps = np.diff(np.asarray(t_s, dtype=np.float64))
    if gaps.size < 2 or gaps.mean() == 0:
        return float("nan")
    return float(gaps.std() / gaps.mean())


def index_of_dispersion(t_s: npt.ArrayLike, span_s: float, window_s: float) -> float:
    """Variance over mean of the number of arrivals in windows of one length.

    Parameters
    ----------
    t_s : array_like, shape (n_request,)
        Arrivals. [s]
    span_s : float
        Time they stand for; a window that is cut off is not counted. [s]
    window_s : float
        Length of a window. [s]

    Returns
    -------
    dispersion : float
        NaN for fewer than two windows. [1]

    Examples
    --------
    Two requests in every other second:

    >>> index_of_dispersion([0.1, 0.2, 2.1, 2.2], 4.0, 1.0)
    1.0
    """
    if not 0 < window_s < float("inf"):
        raise RangeError(_("window_s={value} is not above 0.").format(value=window_s))
    t = np.asarray(t_s, dtype=np.float64)
    n = int(np.floor(span_s / window_s * (1 + 1e-12)))
    if n < 2:
        return float("nan")
    which = np.floor(t / window_s).astype(np.int64)
    counts = np.bincount(which[which < n], minlength=n)[:n]
    mean = float(counts.mean())
    return float(counts.var() / mean) if mean > 0 else float("nan")


def burstiness(requests: Requests, window_s: tuple[float, ...] = (1.0, 10.0, 60.0)) -> Burstiness:
    """Variation of the intervals and index of dispersion of a log.

    Parameters
    ----------
    requests : Requests
    window_s : tuple of float
        Lengths of windows. [s]
    """
    return Burstiness(
        interval_variation(requests.t_s),
        window_s,
        tuple(index_of_dispersion(requests.t_s, requests.span_s, w) for w in window_s),
    )


def checked_factor(factor: float) -> float:
    """A factor of the rate.

    Raises
    ------
    RangeError
        If it is not above 0.
    """
    if not 0 < factor < float("inf"):
        raise RangeError(_("rate_scale={value} is not above 0.").format(value=factor))
    return factor


def compressed(requests: Requests, factor: float) -> Requests:
    """Requests that come `factor` times as fast: the same bursts in less time, and a shorter day.

    Parameters
    ----------
    requests : Requests
    factor : float
        Above 0. [1]
    """
    checked_factor(factor)
    if factor == 1.0:
        return requests
    return replace(requests, t_s=requests.t_s / factor, span_s=requests.span_s / factor)


def said_faster(factor: float) -> Said:
    """That requests come `factor` times as fast."""
    how = N_("{factor} times as fast: a day lasts 1/{factor} days")
    return Said("scaled", how, {"factor": f"{factor:g}"})


def _units(requests: Requests) -> Ints:
    """What is kept or left out as a whole: a conversation, or a request on its own."""
    n = len(requests)
    if requests.session is None:
        return np.arange(n, dtype=np.int64)
    alone = np.flatnonzero(requests.session < 0)
    unit = requests.session.astype(np.int64).copy()
    unit[alone] = int(requests.session.max()) + 1 + np.arange(alone.size)
    return np.asarray(np.unique(unit, return_inverse=True)[1], dtype=np.int64)


def thinned(requests: Requests, share: float, rng: np.random.Generator) -> Requests:
    """A share of the conversations, and of the requests on their own, chosen by chance.

    Parameters
    ----------
    requests : Requests
    share : float
        Above 0, at most 1. [1]
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    requests : Requests
        Over the same time; the first at 0 s.

    Raises
    ------
    RangeError
        If the share is outside its range or nothing is left.
    """
    if not 0 < share <= 1:
        raise RangeError(
            _("rate_scale={value}: thinning can only lower the rate.").format(value=share),
            "--scale-by copies",
        )
    if share == 1.0:
        return requests
    unit = _units(requests)
    keep = rng.random(int(unit.max()) + 1) < share
    order = np.flatnonzero(keep[unit])
    if order.size == 0:
        raise RangeError(
            _("nothing is left of {n} requests at rate_scale={value}.").format(
                n=len(requests), value=share
            ),
            _("take a longer log"),
        )
    return _from_zero(requests.taken(order))


def _from_zero(requests: Requests) -> Requests:
    first = float(requests.t_s[0])
    start = requests.start_h
    return replace(
        requests,
        t_s=requests.t_s - first,
        span_s=requests.span_s - first,
        start_h=None if start is None else (start + first / 3600.0) % 24.0,
    )


def superposed(
    requests: Requests,
    factor: float,
    rng: np.random.Generator,
    *,
    shift_s: float = SHIFT_S,
    max_requests: int = MAX_REQUESTS,
) -> Requests:
    """The log and copies of it, shifted against each other: more users of the same kind.

    Parameters
    ----------
    requests : Requests
    factor : float
        How many times as many requests; a part of a copy is thinned, and below 1 this is `thinned`. [1]
    rng : numpy.random.Generator
        Source of randomness.
    shift_s : float, default 1800
        Copies are shifted by at most this either way, at random; what leaves the log at one end comes in at
        the other. At most half the log. [s]
    max_requests : int
        Refuse to make more than this.

    Returns
    -------
    requests : Requests
        Over the same time. Copies are other people: their conversations and prefix blocks are their own.

    Raises
    ------
    RangeError
        If the factor is not above 0 or there would be too many requests.
    """
    if checked_factor(factor) == 1.0:
        return requests
    if factor < 1:
        return thinned(requests, factor, rng)
    if factor * len(requests) > max_requests:
        raise RangeError(
            _("{n:.3g} requests are too many to list; the limit is {limit}.").format(
                n=factor * len(requests), limit=max_requests
            ),
            _("take a part of the log, or --scale-by time"),
        )
    whole = int(np.floor(factor))
    shares = [1.0] * whole + ([factor - whole] if factor > whole else [])
    k, span = len(shares), requests.span_s
    reach = min(shift_s, span / 2.0)
    # drawn, not spread evenly: even shifts around the whole log would smooth it out altogether
    shifts = rng.uniform(-reach, reach, k)
    shifts[0] = 0.0
    unit = _units(requests)
    times, numbers, copies = [], [], []
    for copy, (share, shift) in enumerate(zip(shares, shifts, strict=True)):
        keep = np.arange(len(requests), dtype=np.int64)
        if share < 1:
            keep = np.flatnonzero((rng.random(int(unit.max()) + 1) < share)[unit])
        t = requests.t_s[keep]
        times.append(np.mod(t + shift, span) if shift and span > 0 else t)
        numbers.append(keep)
        copies.append(np.full(keep.size, copy, dtype=np.int64))
    t_s, number, copy_of = np.concatenate(times), np.concatenate(numbers), np.concatenate(copies)
    order = np.argsort(t_s, kind="stable")
    t_s, number, copy_of = t_s[order], number[order], copy_of[order]
    session = None
    if requests.session is not None:
        per_copy = int(requests.session.max()) + 1
        own = requests.session[number]
        session = np.where(own < 0, -1, own + copy_of * per_copy)
    blocks = None
    if requests.hash_ids is not None:
        blocks = _own_blocks(requests.hash_ids, number, copy_of)
    return _from_zero(
        replace(
            requests,
            t_s=np.minimum(t_s, span),
            prompt_tokens=requests.prompt_tokens[number],
            output_tokens=requests.output_tokens[number],
            hash_ids=blocks,
            session=session,
        )
    )


def _own_blocks(blocks: PrefixBlocks, number: Ints, copy_of: Ints) -> PrefixBlocks:
    """Blocks of copied requests, other numbers in each copy; what every request shares stays shared."""
    known, dense = np.unique(blocks.ids, return_inverse=True)
    taken = PrefixBlocks(
        np.asarray(dense, dtype=np.int64), blocks.starts, blocks.block_tokens
    ).take(number)
    sizes = np.diff(blocks.starts)
    owner = np.repeat(np.arange(sizes.size), sizes)
    # a system prompt: a block that every request with blocks begins with
    often = np.bincount(
        np.unique(np.column_stack([dense, owner]), axis=0)[:, 0], minlength=known.size
    )
    shared = often == int((sizes > 0).sum())
    of_request = np.repeat(copy_of, np.diff(taken.starts))
    ids = np.where(shared[taken.ids], taken.ids, taken.ids + known.size * of_request)
    return PrefixBlocks(ids.astype(np.int64), taken.starts, blocks.block_tokens)


def scaled(
    requests: Requests, factor: float, by: str = SCALINGS[0], rng: np.random.Generator | None = None
) -> Requests:
    """A log of another rate, and a note that says how it was made.

    Parameters
    ----------
    requests : Requests
    factor : float
        Wanted rate over the present one. [1]
    by : {"time", "copies", "thinning"}
        See the table at the top of this module.
    rng : numpy.random.Generator, optional
        For copies and thinning; seed 0 by default.

    Returns
    -------
    requests : Requests

    Raises
    ------
    UnknownNameError
        If there is no such way.
    RangeError
        If the factor does not go with it.

    Examples
    --------
    >>> import numpy as np
    >>> from taotie.workload.requests import Requests
    >>> log = Requests(np.arange(100.0), np.full(100, 5), np.full(100, 7))
    >>> float(scaled(log, 2.0).rate_per_s / log.rate_per_s), len(scaled(log, 3.0, "copies"))
    (2.0, 300)
    """
    if by not in SCALINGS:
        raise UnknownNameError(
            _("a log cannot be scaled by {name}.").format(name=repr(by[:40])), nearest(by, SCALINGS)
        )
    if checked_factor(factor) == 1.0:
        return requests
    rng = np.random.default_rng(0) if rng is None else rng
    if by == "time":
        made = compressed(requests, factor)
        return replace(made, said=(*requests.said, said_faster(factor)))
    if by == "copies" and factor > 1:
        made = superposed(requests, factor, rng)
        how = N_("{factor} times the users: copies of the log, shifted by up to half an hour")
    else:
        made = thinned(requests, factor, rng)
        how = N_("a share of {factor} of the users, chosen by chance")
    return replace(made, said=(*requests.said, Said("scaled", how, {"factor": f"{factor:g}"})))
