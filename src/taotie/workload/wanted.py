"""Which requests does `taotie simulate` simulate? A log by name or path, or sampled ones, at the rate asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from taotie.errors import RangeError, TraceError, UnknownNameError, nearest
from taotie.words.language import _
from taotie.words.listing import listing

__all__ = ["SAMPLED", "Wanted", "requests_of", "rows_wanted", "sampled_in_parts"]

SAMPLED = ("chat", "conversations")
"""Names for requests that are sampled from built-in distributions."""


@dataclass(frozen=True)
class Wanted:
    """What the command line says about requests; the names are those of its options."""

    trace: str
    layout: str = "auto"
    only: tuple[str, ...] = ()
    strict: bool = False
    columns: str = ""
    time_unit: str = ""
    session_prefix: bool = False
    per_day: float | None = None
    start_hour: float = 0.0
    hours: float | None = None
    interval_cv: float = 1.0
    day: str = "chat"
    weekend: float | None = None
    mean_prompt: float | None = None
    mean_answer: float | None = None
    turns: float | None = None
    think: float | None = None
    system_prompt: int | None = None
    seed: int = 0

    @property
    def duration_h(self) -> float:
        """Hours of sampled requests; a day if nothing is said. [h]"""
        return 24.0 if self.hours is None else self.hours

    def shape(self) -> Any:
        """Course of the day, or of the week if a weekend is given."""
        from taotie.workload.daily_shape import DailyShape, WeeklyShape, single_chat_day

        days = {"chat": single_chat_day, "flat": DailyShape.flat}
        if self.day not in days:
            raise UnknownNameError(
                _("no course of the day is called {name}.").format(name=repr(self.day)),
                nearest(self.day, days),
            )
        day = days[self.day]()
        return day if self.weekend is None else WeeklyShape.working_week(day, self.weekend)

    def lengths(self) -> Any:
        """Lengths of `chat`."""
        from taotie.workload.chat import chat_lengths

        lengths = chat_lengths()
        if self.mean_prompt is None and self.mean_answer is None:
            return lengths
        return lengths.scaled(self.mean_prompt, self.mean_answer)


def rows_wanted(only: tuple[str, ...]) -> dict[str, str]:
    """Columns and values from `--only "Log Type=API log"`."""
    wanted = {}
    for text in only:
        column, sign, value = text.partition("=")
        if not sign or not column:
            raise UnknownNameError(
                _("--only {text} is not understood.").format(text=repr(text)),
                '--only "Log Type=Conversation log"',
            )
        wanted[column] = value
    return wanted


def requests_of(wanted: Wanted) -> Any:
    """The requests, as they come: not yet at another rate.

    Raises
    ------
    TaotieError
        If a name is unknown, a file cannot be read, or options do not go together.
    """
    from taotie.workload.trace import OWN_COPY_TRACES, PUBLISHED_TRACES
    from taotie.workload.trace_layout import checked_layout

    checked_layout(wanted.layout)
    _go_together(wanted)
    if wanted.trace in SAMPLED:
        return _sampled(wanted)
    path, layout, published = _found(wanted)
    if layout == "servegen" or (layout == "auto" and path.is_dir()):
        requests = _servegen(wanted, path)
    else:
        if wanted.per_day is not None:
            raise RangeError(
                _("{options}: not for {name}.").format(options="--per-day", name=wanted.trace),
                _("a log has its own rate; --rate-scale changes it"),
            )
        requests = published if published is not None else _read(wanted, path, layout)
        requests = _part(requests, wanted)
    if wanted.session_prefix:
        from taotie.workload.conversation import with_session_blocks

        requests = with_session_blocks(requests, system_tokens=wanted.system_prompt or 0)
    known = wanted.trace in PUBLISHED_TRACES or wanted.trace in OWN_COPY_TRACES
    return replace(requests, name=wanted.trace) if known and not requests.name else requests


def _go_together(wanted: Wanted) -> None:
    """Refuse options that would change nothing, rather than leave them out unsaid."""
    defaults = Wanted("")
    turns = ("turns", "think")
    sampled = ("interval_cv", "day", "weekend", "mean_prompt", "mean_answer")
    idle: tuple[str, ...] = ()
    if wanted.trace == "chat":
        idle = (*turns, "system_prompt")
    elif wanted.trace not in SAMPLED:
        idle = (*turns, *sampled)
        if not wanted.session_prefix:
            idle = (*idle, "system_prompt")
    given = [name for name in idle if getattr(wanted, name) != getattr(defaults, name)]
    if given:
        raise RangeError(
            _("{options}: not for {name}.").format(
                options=listing("--" + name.replace("_", "-") for name in given),
                name=wanted.trace,
            ),
            _("these go with sampled requests: {names}").format(names=listing(SAMPLED)),
        )


def _of_a_log(wanted: Wanted) -> bool:
    """Whether something is asked that only a log has."""
    return bool(
        wanted.only or wanted.strict or wanted.session_prefix or wanted.columns or wanted.time_unit
    )


def sampled_in_parts(wanted: Wanted) -> Any:
    """`chat` by independent users, drawn in parts: the requests of `requests_of`, however many.

    Raises
    ------
    TaotieError
        As `requests_of`.
    """
    import numpy as np

    from taotie.workload.chat import SampledParts

    _go_together(wanted)
    per_day = _per_day(wanted)
    return SampledParts(
        wanted.lengths(),
        per_day,
        np.random.default_rng(wanted.seed),
        shape=wanted.shape(),
        start_h=wanted.start_hour,
        duration_h=wanted.duration_h,
    )


def _per_day(wanted: Wanted) -> float:
    """Requests a day of a sample; one without a number, or with options that only a log has, is refused. [request/d]"""
    if wanted.per_day is None:
        raise RangeError(
            _("`{name}` needs the number of requests.").format(name=wanted.trace),
            f"taotie simulate {wanted.trace} --per-day 1e6",
        )
    if _of_a_log(wanted) or wanted.layout != "auto":
        raise RangeError(
            _(
                "--format, --columns, --time-unit, --only, --strict and --session-prefix go with a log, not with `{name}`."
            ).format(name=wanted.trace)
        )
    return wanted.per_day


def _sampled(wanted: Wanted) -> Any:
    import numpy as np

    per_day = _per_day(wanted)
    rng = np.random.default_rng(wanted.seed)
    if wanted.trace == "chat":
        from taotie.workload.chat import sampled_requests

        return sampled_requests(
            wanted.lengths(),
            per_day,
            rng,
            shape=wanted.shape(),
            interval_cv=wanted.interval_cv,
            name="chat",
            start_h=wanted.start_hour,
            duration_h=wanted.duration_h,
        )
    from taotie.workload.conversation import chat_conversations, sampled_conversations

    conversations = chat_conversations().changed(
        mean_turns=wanted.turns,
        think_s=wanted.think,
        system_tokens=wanted.system_prompt,
        mean_new=wanted.mean_prompt,
        mean_output=wanted.mean_answer,
    )
    return sampled_conversations(
        conversations,
        per_day,
        rng,
        shape=wanted.shape(),
        interval_cv=wanted.interval_cv,
        name="conversations",
        start_h=wanted.start_hour,
        duration_h=wanted.duration_h,
    )


def _found(wanted: Wanted) -> tuple[Path, str, Any]:
    """Path and layout of a log, and the log itself where it is a published one."""
    from taotie.workload.trace import (
        OWN_COPY_TRACES,
        PUBLISHED_TRACES,
        own_copy,
        published_trace,
    )

    name, layout = wanted.trace, wanted.layout
    asked = wanted.only or wanted.strict or wanted.columns or wanted.time_unit
    if name in PUBLISHED_TRACES and layout == "auto" and not asked:
        found = published_trace(name)
        if found is None:
            raise TraceError(
                _("the log {name} has not been fetched.").format(name=name),
                f"taotie data fetch {PUBLISHED_TRACES[name].dataset}",
            )
        return Path(name), layout, found
    if name in OWN_COPY_TRACES:
        path, known = own_copy(name), OWN_COPY_TRACES[name]
        if path is None:
            raise TraceError(
                _("taotie does not fetch the log {name} itself.").format(name=name),
                _(
                    "get {file} from {where} and give its path, or put it into the data folder as own/{file}"
                ).format(file=known.file, where=known.where),
            )
        return path, known.layout if layout == "auto" else layout, None
    path = Path(name)
    if not path.suffix and not path.exists():
        raise UnknownNameError(
            _("no log is called {name}.").format(name=name),
            nearest(name, [*SAMPLED, *PUBLISHED_TRACES, *OWN_COPY_TRACES]),
        )
    return path, layout, None


def _read(wanted: Wanted, path: Path, layout: str) -> Any:
    from taotie.workload.trace import read_trace
    from taotie.workload.trace_layout import columns_asked

    return read_trace(
        path,
        layout=layout,
        strict_columns=wanted.strict,
        only=rows_wanted(wanted.only),
        columns=columns_asked(wanted.columns),
        time_unit=wanted.time_unit,
    )


def _part(requests: Any, wanted: Wanted) -> Any:
    """The hours asked for of a log."""
    import numpy as np

    if wanted.start_hour == 0.0 and wanted.hours is None:
        return requests
    low = 3600.0 * wanted.start_hour
    high = low + 3600.0 * wanted.hours if wanted.hours is not None else requests.span_s
    inside = np.flatnonzero((requests.t_s >= low) & (requests.t_s <= high))
    if inside.size == 0:
        raise RangeError(
            _("no request falls into {a} h to {b} h of {name}, which has {n:.3g} h.").format(
                a=wanted.start_hour,
                b=high / 3600.0,
                name=requests.name,
                n=requests.span_s / 3600.0,
            ),
            "--start-hour, --hours",
        )
    part = requests.taken(inside)
    first = float(part.t_s[0])
    clock = requests.start_h
    return replace(
        part,
        t_s=part.t_s - first,
        span_s=min(high, requests.span_s) - first,
        start_h=None if clock is None else (clock + first / 3600.0) % 24.0,
    )


def _servegen(wanted: Wanted, path: Path) -> Any:
    import numpy as np

    from taotie.workload.servegen import sampled_servegen
    from taotie.workload.trace_servegen import read_servegen

    if wanted.only or wanted.session_prefix or wanted.columns or wanted.time_unit:
        raise RangeError(
            _(
                "--only, --columns, --time-unit and --session-prefix go with a log; a ServeGen service is sampled."
            )
        )
    return sampled_servegen(
        read_servegen(path),
        np.random.default_rng(wanted.seed),
        start_h=wanted.start_hour,
        duration_h=wanted.hours,
        requests_per_day=wanted.per_day,
    )
