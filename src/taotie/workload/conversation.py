"""What do conversations ask? Turns that repeat what was said before and go on [token, s].

The prompt of a turn is the system prompt, all earlier turns and answers, and some new tokens; so its beginning may be
in a prefix cache. The built-in numbers are fitted by us to one hour of one service, or quoted; each stands with
its source in the table `conversation_defaults`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from taotie.errors import RangeError, SourceError
from taotie.quantity.catalog import table
from taotie.words.language import N_, _, in_language, language
from taotie.words.said import Said
from taotie.workload.chat import TokenLengths, arrival_times, length_clusters
from taotie.workload.daily_shape import DailyShape, WeeklyShape
from taotie.workload.requests import Floats, Ints, PrefixBlocks, Requests

__all__ = [
    "BLOCK_TOKENS",
    "ConversationShape",
    "chat_conversations",
    "sampled_conversations",
    "with_session_blocks",
]

BLOCK_TOKENS = 512
"""Tokens of a block of the prefix cache, as in Mooncake's logs and in the simulator. [token]"""

_LEAD_H = 6.0  # conversations that began before the first hour still go on in it


@dataclass(frozen=True, eq=False)
class ConversationShape:
    """How conversations go.

    Attributes
    ----------
    first, later : TokenLengths
        New tokens and answers of the first turn (beyond the system prompt) and of the later ones.
    ln_turns, sd_turns : float
        The number of turns is ``ceil(exp(x))``, `x` normal with this mean and deviation. [1]
    max_turns : int
        No conversation has more turns.
    ln_gap_s, sd_gap : float
        From one turn's arrival to the next (the answer's time and thinking), log-normal. [ln s, 1]
    system_tokens : int
        What all conversations begin with. [token]
    max_context : int
        A conversation ends before it would be longer than this. [token]
    name, source : str
        For reports.
    """

    first: TokenLengths
    later: TokenLengths
    ln_turns: float
    sd_turns: float
    max_turns: int
    ln_gap_s: float
    sd_gap: float
    system_tokens: int
    max_context: int
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        for key in ("ln_turns", "ln_gap_s", "sd_turns", "sd_gap"):
            value = getattr(self, key)
            if not np.isfinite(value) or abs(value) > 30 or (key.startswith("sd") and value < 0):
                raise RangeError(
                    _("{key}={value} is outside its range.").format(key=key, value=value)
                )
        if not 1 <= self.max_turns <= 10_000:
            raise RangeError(
                _("max_turns={value} is not within 1 to 10000.").format(value=self.max_turns)
            )
        if not 0 <= self.system_tokens < self.max_context <= 1 << 20:
            raise RangeError(
                _(
                    "system_tokens={a} and max_context={b} do not go together (up to {most})."
                ).format(a=self.system_tokens, b=self.max_context, most=1 << 20)
            )

    def changed(
        self,
        *,
        mean_turns: float | None = None,
        think_s: float | None = None,
        system_tokens: int | None = None,
        mean_new: float | None = None,
        mean_output: float | None = None,
    ) -> ConversationShape:
        """The same conversations with some other means.

        Parameters
        ----------
        mean_turns : float, optional
            Turns, before long conversations are cut off; at least 1. [1]
        think_s : float, optional
            Median time from one turn to the next. [s]
        system_tokens : int, optional
            What all conversations begin with. [token]
        mean_new, mean_output : float, optional
            New tokens of a turn and its answer, first and later turns alike. [token]
        """
        shape = self
        if mean_turns is not None:
            if not 1 <= mean_turns <= self.max_turns:
                raise RangeError(
                    _("mean_turns={value} is not within 1 to {most}.").format(
                        value=mean_turns, most=self.max_turns
                    )
                )
            shape = replace(shape, ln_turns=_ln_turns(mean_turns, self.sd_turns, self.max_turns))
        if think_s is not None:
            if not 0 < think_s < 1e9:
                raise RangeError(_("think_s={value} s is not above 0.").format(value=think_s))
            shape = replace(shape, ln_gap_s=float(np.log(think_s)))
        if system_tokens is not None:
            shape = replace(shape, system_tokens=system_tokens)
        if mean_new is not None or mean_output is not None:
            shape = replace(
                shape,
                first=shape.first.scaled(mean_new, mean_output),
                later=shape.later.scaled(mean_new, mean_output),
            )
        return shape

    @cached_property
    def mean_turns(self) -> float:
        """Turns of a conversation after long ones were cut off, from 20,000 samples. [1]"""
        n = 20_000
        return self.sample(n, np.random.default_rng(0)).turn.size / n

    def sample(self, n: int, rng: np.random.Generator) -> Turns:
        """Draw `n` conversations.

        Parameters
        ----------
        n : int
            Conversations.
        rng : numpy.random.Generator
            Source of randomness.
        """
        turns = _turns(self.ln_turns, self.sd_turns, self.max_turns, rng.standard_normal(n))
        session = np.repeat(np.arange(n, dtype=np.int64), turns)
        begin = np.concatenate([[0], np.cumsum(turns)[:-1]]).astype(np.int64)
        turn = np.arange(session.size, dtype=np.int64) - begin[session]
        new, output = self.later.sample(session.size, rng)
        new[begin], output[begin] = self.first.sample(n, rng)
        gap = np.exp(self.ln_gap_s + self.sd_gap * rng.standard_normal(session.size))
        gap[begin] = 0.0
        said = np.cumsum(new + output)
        before = np.concatenate([[0], said])[begin]  # of the conversations before this one
        context = self.system_tokens + said - before[session]
        since = np.cumsum(gap)
        kept = np.flatnonzero(context <= self.max_context)  # context only grows: a leading part
        return Turns(
            session=session[kept],
            turn=turn[kept],
            since_s=(since - since[begin][session])[kept],
            prompt=(context - output)[kept],
            output=output[kept],
        )


@dataclass(frozen=True, eq=False)
class Turns:
    """Turns of conversations, one after the other: number of the conversation and turn, time after its
    first turn [s], prompt and answer [token]."""

    session: Ints
    turn: Ints
    since_s: Floats
    prompt: Ints
    output: Ints


def _turns(mean: float, deviation: float, most: int, normal: Floats) -> Ints:
    return np.clip(np.ceil(np.exp(mean + deviation * normal)), 1, most).astype(np.int64)


def _ln_turns(mean_turns: float, deviation: float, most: int) -> float:
    """Logarithm of the median that gives a mean number of turns, by halving."""
    normal = np.random.default_rng(0).standard_normal(100_000)
    low, high = -10.0, float(np.log(most)) + 10.0
    for _step in range(50):
        middle = 0.5 * (low + high)
        if _turns(middle, deviation, most, normal).mean() < mean_turns:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def chat_conversations() -> ConversationShape:
    """Our fit of conversations, each number with its source in the table `conversation_defaults`.

    Returns
    -------
    shape : ConversationShape
        Lengths and times between turns: fitted to one hour of a service known for long documents; turns:
        from the sessions of another log.

    References
    ----------
    .. [1] Source ``taotie_fit2026``; the log is ``qin2025_mooncake``.
    .. [2] Source ``wang2025_burstgpt``.

    Examples
    --------
    Half of the next turns come within about two minutes:

    >>> round(float(np.exp(chat_conversations().ln_gap_s)))
    132
    """
    return _chat_conversations(language())


@lru_cache(maxsize=2)
def _chat_conversations(code: str) -> ConversationShape:
    cells = table("conversation_defaults")

    def number(quantity: str) -> float:
        value = cells.value("conversation", quantity)
        if not isinstance(value, float):
            raise SourceError(
                _("table {table} lacks {quantity}.").format(
                    table="conversation_defaults", quantity=quantity
                )
            )
        return value

    name = in_language(N_("built-in conversations (our fit to one hour of one service)"), code)
    first, later = (
        length_clusters("conversation_defaults", f"{which}_turn_cluster_", f"{which}_turn", name)
        for which in ("first", "later")
    )
    return ConversationShape(
        first=first,
        later=later,
        ln_turns=number("ln_turns"),
        sd_turns=number("sd_turns"),
        max_turns=int(number("max_turns")),
        ln_gap_s=number("ln_gap_s"),
        sd_gap=number("sd_gap"),
        system_tokens=int(number("system_tokens")),
        max_context=int(number("max_context")),
        name=name,
        source="taotie_fit2026",
    )


def sampled_conversations(
    conversations: ConversationShape,
    requests_per_day: float,
    rng: np.random.Generator,
    *,
    shape: DailyShape | WeeklyShape | None = None,
    start_h: float = 0.0,
    duration_h: float = 24.0,
    interval_cv: float = 1.0,
    name: str = "",
    max_requests: int = 20_000_000,
) -> Requests:
    """A stream of conversations: turns after each other, with the blocks a prefix cache can find again.

    Later turns come whether or not the answer before them is complete: the times are those of a log, not a
    reply to this fleet. Conversations that began up to six hours earlier go on in the first hours.

    Parameters
    ----------
    conversations : ConversationShape
        How conversations go.
    requests_per_day : float
        Expected turns of a whole (mean) day. [request/d]
    rng : numpy.random.Generator
        Source of randomness.
    shape : DailyShape or WeeklyShape, optional
        When conversations begin; evenly by default.
    start_h, duration_h : float
        First hour of the day (of the week, from Monday on) and length of the stream. [h]
    interval_cv : float, default 1
        Standard deviation over mean of the intervals between beginnings. [1]
    name : str, optional
        For reports.
    max_requests : int
        Refuse to make more than this.

    Returns
    -------
    requests : Requests
        With `session` and `hash_ids`: full blocks of 512 tokens of each prompt and its answer, since both
        stay in the cache.

    Raises
    ------
    RangeError
        If a number is not positive, the stream would be too long, or no request falls into it.
    """
    if not 0 < requests_per_day < float("inf"):
        raise RangeError(
            _("{key}={value} is not above 0.").format(
                key="requests_per_day", value=requests_per_day
            )
        )
    expected = requests_per_day * (duration_h + _LEAD_H) / 24.0
    if expected > max_requests:
        raise RangeError(
            _("{n:.3g} requests are too many to list; the limit is {limit}.").format(
                n=expected, limit=max_requests
            ),
            _("sample a shorter time: the energy per request does not change"),
        )
    begins = arrival_times(
        requests_per_day / conversations.mean_turns,
        rng,
        shape=shape,
        start_h=start_h - _LEAD_H,
        duration_h=duration_h + _LEAD_H,
        interval_cv=interval_cv,
        max_requests=max_requests,
    )
    turns = conversations.sample(begins.size, rng)
    t_s = begins[turns.session] + turns.since_s - 3600.0 * _LEAD_H
    inside = np.flatnonzero((t_s >= 0) & (t_s < 3600.0 * duration_h))
    if inside.size == 0:
        raise RangeError(
            _("no request falls into {hours} h at {rate} requests a day.").format(
                hours=duration_h, rate=requests_per_day
            ),
            _("take a longer time"),
        )
    order = inside[np.argsort(t_s[inside], kind="stable")]
    system = conversations.system_tokens // BLOCK_TOKENS
    first = float(t_s[order[0]])
    return Requests(
        t_s=t_s[order] - first,
        prompt_tokens=turns.prompt[order],
        output_tokens=turns.output[order],
        hash_ids=_grown_blocks(turns, system).take(order),
        name=name or _("sampled conversations"),
        source=conversations.source,
        said=(Said("sampled", N_("sampled: not a log of real requests")),),
        span_s=3600.0 * duration_h - first,
        session=turns.session[order],
    )


def _grown_blocks(turns: Turns, system: int) -> PrefixBlocks:
    """Blocks of conversations that only grow: a turn has all blocks of the turn before it, and more.

    The first `system` blocks are the same in all conversations.
    """
    size = (turns.prompt + turns.output) // BLOCK_TOKENS
    starts = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    most = np.zeros(int(turns.session.max()) + 1, dtype=np.int64)
    np.maximum.at(most, turns.session, size)
    own = np.maximum(most - system, 0)
    base = system + np.concatenate([[0], np.cumsum(own)[:-1]])
    place = np.arange(starts[-1], dtype=np.int64) - np.repeat(starts[:-1], size)
    ids = np.where(place < system, place, np.repeat(base[turns.session], size) + place - system)
    return PrefixBlocks(ids.astype(np.int64), starts)


def with_session_blocks(requests: Requests, *, system_tokens: int = 0) -> Requests:
    """Prefix blocks of a log that tells conversations but no blocks, if each turn repeats what was said.

    Assumed, turn by turn: a prompt at least as long as the prompt and answer before it begins with both; one
    at least as long as the prompt before it begins with that prompt; a shorter one is something new.

    Parameters
    ----------
    requests : Requests
        With `session`.
    system_tokens : int, default 0
        What all conversations begin with. [token]

    Returns
    -------
    requests : Requests
        With `hash_ids`, and a note on how many turns were taken for what.

    Raises
    ------
    RangeError
        If the log does not tell conversations.

    Examples
    --------
    A second turn of 1500 tokens after a prompt of 1000 and an answer of 300 shares two full blocks:

    >>> two = Requests([0.0, 60.0], [1000, 1500], [300, 100], session=[0, 0])
    >>> [with_session_blocks(two).hash_ids.of(i).tolist() for i in (0, 1)]
    [[0, 1], [0, 1, 2]]
    """
    if requests.session is None:
        raise RangeError(
            _("{name} does not tell which requests belong together.").format(name=requests.name),
            _("BurstGPT's later files and ServeGen's conversations do"),
        )
    if system_tokens < 0:
        raise RangeError(_("system_tokens={n} is below 0.").format(n=system_tokens))
    system = system_tokens // BLOCK_TOKENS
    prompt, output = requests.prompt_tokens.tolist(), requests.output_tokens.tolist()
    session = requests.session.tolist()
    last: dict[int, tuple[int, int, list[int]]] = {}
    parts: list[list[int]] = []
    free = system
    counts = [0, 0, 0]
    for i in range(len(requests)):
        p, size = prompt[i], (prompt[i] + output[i]) // BLOCK_TOKENS
        blocks = list(range(min(system, size)))
        before = last.get(session[i]) if session[i] >= 0 else None
        if before is not None:
            how = 0 if p >= before[0] + before[1] else 1 if p >= before[0] else 2
            counts[how] += 1
            said = before[0] + before[1] if how == 0 else before[0] if how == 1 else 0
            blocks = (before[2][: said // BLOCK_TOKENS] or blocks)[:size]
        fresh = size - len(blocks)
        blocks = [*blocks, *range(free, free + fresh)]
        free += fresh
        parts.append(blocks)
        if session[i] >= 0:
            last[session[i]] = (p, output[i], blocks)
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    ids = np.array([b for part in parts for b in part], dtype=np.int64)
    note = Said(
        "session_blocks",
        N_(
            "assumed: of {n} later turns {a} begin with the turn before and its answer, "
            "{b} with that prompt alone, {c} with neither"
        ),
        {"n": sum(counts), "a": counts[0], "b": counts[1], "c": counts[2]},
    )
    return replace(requests, hash_ids=PrefixBlocks(ids, starts), said=(*requests.said, note))
