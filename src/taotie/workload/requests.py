"""What is a list of requests? Arrival times [s] and token counts [token], checked once, then trusted.

A trace reader or a generator makes `Requests`; the serving simulator and the load profile take it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from taotie.errors import RangeError
from taotie.words.language import _
from taotie.words.said import Said

__all__ = ["PrefixBlocks", "Requests", "TokenMoments", "token_moments"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class TokenMoments(NamedTuple):
    """Means over requests that decide energy per request; `p` prompt, `o` output tokens.

    `mean_context` is the mean of ``o (p + o/2)``: tokens of context read while writing the answer, the
    number attention and the key-value cache are billed by. Means of products are kept because a product
    of means would be wrong wherever long prompts come with short answers.
    """

    mean_prompt: float
    mean_output: float
    mean_context: float
    mean_prompt_squared: float
    mean_output_squared: float
    mean_prompt_output: float


def token_moments(prompt_tokens: npt.ArrayLike, output_tokens: npt.ArrayLike) -> TokenMoments:
    """Means over requests that decide energy per request.

    Parameters
    ----------
    prompt_tokens, output_tokens : array_like, shape (n_request,)
        Tokens read and written by each request. [token]

    Returns
    -------
    moments : TokenMoments
        [token] for the first two, [token2] for the others.

    Raises
    ------
    RangeError
        If there is no request.

    Examples
    --------
    >>> token_moments([100, 300], [10, 30]).mean_context  # (10*105 + 30*315) / 2
    5250.0
    """
    p = np.asarray(prompt_tokens, dtype=np.float64)
    o = np.asarray(output_tokens, dtype=np.float64)
    if p.size == 0:
        raise RangeError(_("there is no request to take means over."))
    return TokenMoments(
        mean_prompt=float(p.mean()),
        mean_output=float(o.mean()),
        mean_context=float((o * (p + 0.5 * o)).mean()),
        mean_prompt_squared=float((p * p).mean()),
        mean_output_squared=float((o * o).mean()),
        mean_prompt_output=float((p * o).mean()),
    )


@dataclass(frozen=True, eq=False)
class PrefixBlocks:
    """Which blocks of prompt tokens requests share; request `i` owns `of(i)`.

    Attributes
    ----------
    ids : ndarray of int64, shape (n_block,)
        Block ids of all requests, one after the other; equal ids mean an equal prefix.
    starts : ndarray of int64, shape (n_request + 1,)
        Request `i` has ``ids[starts[i]:starts[i + 1]]``.
    block_tokens : int
        Prompt tokens of one block. [token]
    """

    ids: Ints
    starts: Ints
    block_tokens: int = 512

    def of(self, request: int) -> Ints:
        """Block ids of one request, from the start of its prompt on."""
        return self.ids[self.starts[request] : self.starts[request + 1]]

    def take(self, order: Ints) -> PrefixBlocks:
        """The blocks of the requests `order`, in that order."""
        sizes = np.diff(self.starts)[order]
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        within = np.arange(starts[-1], dtype=np.int64) - np.repeat(starts[:-1], sizes)
        return PrefixBlocks(
            self.ids[np.repeat(self.starts[:-1][order], sizes) + within], starts, self.block_tokens
        )


@dataclass(frozen=True, eq=False)
class Requests:
    """Requests in order of arrival.

    Attributes
    ----------
    t_s : ndarray of float64, shape (n_request,)
        Arrival after the first request; never falls. [s]
    prompt_tokens, output_tokens : ndarray of int64, shape (n_request,)
        Tokens read and written; at least 1. [token]
    hash_ids : PrefixBlocks or None
        Shared prefix blocks, where the trace has them.
    name : str
        Short name for reports.
    source : str
        Citation or path; where the requests come from.
    said : tuple of Said
        What was done to the rows on reading: sorted, left out, assumed. `notes` has the sentences.
    span_s : float
        Time the requests stand for; at least the last arrival. [s]
    start_h : float or None
        Hour of the day at 0 s, by the log's own clock; None if the log has no dates. [h]
    session : ndarray of int64, shape (n_request,), or None
        Which conversation a request belongs to, where that is known; -1 for a request on its own.
    layout : Said or None
        Which layout of log this was read as, and which columns were taken.
    in_utc : bool
        Is `start_h` an hour of UTC, since the stamps name a zone or count from 1970? `on_clock` turns it.
    """

    t_s: Floats
    prompt_tokens: Ints
    output_tokens: Ints
    hash_ids: PrefixBlocks | None = None
    name: str = ""
    source: str = ""
    said: tuple[Said, ...] = ()
    span_s: float = field(default=-1.0)
    start_h: float | None = None
    session: Ints | None = None
    layout: Said | None = None
    in_utc: bool = False

    def __post_init__(self) -> None:
        for key, kind in (
            ("t_s", np.float64),
            ("prompt_tokens", np.int64),
            ("output_tokens", np.int64),
        ):
            values = getattr(self, key)
            own = isinstance(values, np.ndarray) and values.base is None and values.dtype == kind
            if not own or values.flags.writeable:
                values = np.array(values, dtype=kind)  # a copy: the caller may go on writing
                values.flags.writeable = False
            object.__setattr__(self, key, values)
        n = self.t_s.size
        if self.t_s.ndim != 1 or not self.prompt_tokens.shape == self.output_tokens.shape == (n,):
            raise RangeError(_("times, prompts and outputs of requests have different lengths."))
        if n == 0:
            raise RangeError(_("a list of requests needs at least one request."))
        falls = (self.t_s[1:] < self.t_s[:-1]).any()
        if not np.isfinite(self.t_s).all() or self.t_s[0] < 0 or falls:
            raise RangeError(
                _("arrival times of requests must be finite, not negative and in order.")
            )
        if min(self.prompt_tokens.min(), self.output_tokens.min()) < 1:
            raise RangeError(_("every request reads and writes at least one token."))
        if self.hash_ids is not None and self.hash_ids.starts.shape != (n + 1,):
            raise RangeError(_("prefix blocks do not match the requests."))
        span = self.span_s if self.span_s >= 0 else float(self.t_s[-1])
        if span < self.t_s[-1]:
            raise RangeError(
                _("span_s={span} s ends before the last request at {last} s.").format(
                    span=span, last=self.t_s[-1]
                )
            )
        object.__setattr__(self, "span_s", span)
        if self.start_h is not None and not 0.0 <= self.start_h < 24.0:
            raise RangeError(_("start_h={hour} h leaves 0..24.").format(hour=self.start_h))
        if self.session is not None:
            session = np.array(self.session, dtype=np.int64)
            session.flags.writeable = False
            object.__setattr__(self, "session", session)
            if session.shape != (n,):
                raise RangeError(_("the conversations do not match the requests."))

    def __len__(self) -> int:
        return int(self.t_s.size)

    def on_clock(self, utc_offset_h: float) -> Requests:
        """The same requests with their hour of the day by a clock so far ahead of UTC; as they are where that is unknown. [h]

        Examples
        --------
        >>> log = Requests([0.0], [1], [1], start_h=20.0, in_utc=True)
        >>> log.on_clock(8.0).start_h, log.on_clock(8.0).on_clock(8.0).start_h
        (4.0, 4.0)
        """
        if not self.in_utc or self.start_h is None:
            return self
        return replace(self, start_h=(self.start_h + utc_offset_h) % 24.0, in_utc=False)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the rows, in the language in force."""
        return tuple(one.text() for one in self.said)

    @property
    def moments(self) -> TokenMoments:
        """Means of prompt and output lengths and of their products. [token, token2]"""
        return token_moments(self.prompt_tokens, self.output_tokens)

    @property
    def rate_per_s(self) -> float:
        """Mean requests per second over `span_s`; NaN for a single moment. [request/s]"""
        return len(self) / self.span_s if self.span_s > 0 else float("nan")

    def first(self, n: int) -> Requests:
        """The first `n` requests (all of them if there are fewer)."""
        if n < 1:
            raise RangeError(_("{n} requests are not a number of first ones.").format(n=n))
        if n >= len(self):
            return self
        return replace(self.taken(np.arange(n, dtype=np.int64)), span_s=-1.0)

    def taken(self, order: Ints) -> Requests:
        """The requests `order`, which must be in order of arrival; the span stays.

        Parameters
        ----------
        order : ndarray of int64
            Numbers of requests; at least one. A number may come more than once.
        """
        return replace(
            self,
            t_s=self.t_s[order],
            prompt_tokens=self.prompt_tokens[order],
            output_tokens=self.output_tokens[order],
            hash_ids=self.hash_ids.take(order) if self.hash_ids is not None else None,
            session=self.session[order] if self.session is not None else None,
            span_s=self.span_s,
        )
