"""What do all request logs share? Column names, checks of each row, sorting, notes (times [s], lengths [token]).

The readers of the single layouts hand their rows to a `Draft`; what it refuses it refuses with file, line and
column, and what it treats (sorted, left out) it notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn, TextIO

import numpy as np

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.files import read as files
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said
from taotie.workload.requests import Floats, Ints, PrefixBlocks, Requests
from taotie.workload.trace_layout import AUTO, COLUMN_EXTRAS, Columns, columns_of
from taotie.workload.trace_roles import name_words, plain_name
from taotie.workload.trace_served import ServedColumns, served_places, time_is_of_the_answer
from taotie.workload.trace_time import TIME_UNITS, seconds_of

__all__ = [
    "CHUNK_ROWS",
    "MAX_BYTES",
    "MAX_REQUESTS",
    "MAX_TOKENS",
    "MAYBE_CUT_OFF",
    "Draft",
    "Reading",
    "ZeroLength",
    "block_tokens",
    "not_utf8",
    "open_text",
    "regular_file",
    "short_lines",
]

MAX_BYTES = 4 * 10**9
"""Largest text file read; beyond it Parquet is the format to use. [B]"""
MAX_REQUESTS = 50_000_000
"""Most requests kept in memory: 24 bytes each. [request]"""
MAX_TOKENS = 100_000_000
"""No request has more tokens than this; a larger number is a wrong column. [token]"""

CHUNK_ROWS = 100_000
"""Rows checked at a time. [request]"""

MAYBE_CUT_OFF = "maybe_cut_off"
"""Code of the remark on a text file whose last line has no line end."""

ZeroLength = Literal["drop", "error"]
"""What to do with requests that read or wrote nothing."""

_MAX_LINE = 16 * 2**20


class Reading(NamedTuple):
    """How a log is to be read; the same for every layout."""

    zero_length: ZeroLength = "drop"
    max_requests: int = MAX_REQUESTS
    layout: str = AUTO
    strict_columns: bool = False
    only: tuple[tuple[str, str], ...] = ()
    """Columns and the value a row must have there to be read."""
    columns: tuple[tuple[str, str], ...] = ()
    """Roles and the columns the user named for them."""
    time_unit: str = ""
    """Unit of times that are numbers; empty: found from names and values."""
    served: bool = False
    """Keep what tells when requests were served and for whom."""


class Draft:
    """Rows read so far, the checks every layout shares, and the notes on what was done to them."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path = path
        self.reading = reading
        self.zero_length = reading.zero_length
        self.max_requests = reading.max_requests
        self.columns = ("t_s", "prompt_tokens", "output_tokens")
        self.found: Columns | None = None
        self.dated: bool | None = None
        self.zoned = False  # dates name a zone
        self.epoch: np.datetime64 | None = None
        self.blank = 0
        self.rows = 0
        self.said: list[Said] = []
        # Prefix blocks of all rows and how many each has, as any array of int64; None: the file has none.
        self.block_ids: Any = None
        self.block_sizes: Any = None
        self.layout: Said | None = None
        self.left_out = 0
        self.no_requests = 0
        """Rows that are of another kind: no token counts in them."""
        self.records = False
        """Whether rows are counted as records, not as lines of a file."""
        # BurstGPT counts seconds from midnight: then the hour of the day is known without a date
        self.from_midnight = False
        self.sessions: dict[str, int] | None = None
        self.served: ServedColumns | None = None
        self.ends = False
        """Whether the times are those of the answers."""
        self._parts: list[tuple[Ints, Floats, Any, Any, Ints, Floats]] = []

    def _look_at_ids(
        self, header: Sequence[str], sample: Sequence[Sequence[Any]], columns: Columns
    ) -> None:
        """Tell where the number of a request stands in several rows: they are parts of one, or written again."""
        if "session" in columns.role or len(sample) < 10:
            return
        for place, name in enumerate(header):
            if plain_name(name.rpartition(".")[2]) not in REQUEST_IDS:
                continue
            cells = [
                row[place] for row in sample if place < len(row) and row[place] not in (None, "")
            ]
            again = len(cells) - len(set(map(str, cells)))
            if 10 * again >= len(cells) > 0 and len(set(map(str, cells))) > 1:
                self.say(
                    "ids_repeat",
                    N_("of the first {all} rows {n} repeat the {column} of another: parts of one request (chunks, retries) are counted as a request each"),
                    all=len(cells),
                    n=again,
                    column=name[:40],
                )  # fmt: skip
            return

    def recognise(self, header: Sequence[str], sample: Sequence[Sequence[Any]] = ()) -> Columns:
        """The columns of this log; what was recognised and what is not used is noted."""
        asked_for = dict(self.reading.columns)
        try:
            columns = self._columns(header, sample, asked_for)
        except TraceError:
            # a log of answers tells when each ended and how long it took: its requests began before
            ends = served_places(header, sample, {}, {}) if self.reading.served else {}
            if "t" in asked_for or not {"end", "duration"} <= set(ends):
                raise
            columns = self._columns(header, sample, {**asked_for, "t": ends["end"].name})
            self.ends = True
        self.found = columns
        self.columns = (columns.name("t"), columns.name("prompt"), columns.name("output"))
        self.layout = columns.said()
        self.from_midnight = columns.layout == "burstgpt"
        if "session" in columns.role:
            self.sessions = {}
        if columns.passed:
            self.say(
                "times_passed_over",
                N_("time taken from {column}; also a time by its name, not used: {others}"),
                column=columns.name("t")[:40],
                others=listing(name[:40] for name in columns.passed[:6]),
            )
        if self.reading.served:
            taken = {r: at for r, (at, _unit) in columns.role.items() if r not in COLUMN_EXTRAS}
            asked = {
                r: at
                for r, (at, _unit) in columns.role.items()
                if r in COLUMN_EXTRAS and r in dict(self.reading.columns)
            }
            parts = served_places(header, sample, taken, asked)
            self.served = ServedColumns(parts)
            self.ends |= "duration" in parts and time_is_of_the_answer(columns.name("t"), header)
        self._look_at_ids(header, sample, columns)
        used = set() if self.served is None else {p.name for p in self.served.parts.values()}
        unknown = [name for name in columns.unknown if name not in used]
        if unknown:
            self.say(
                "columns_unused",
                N_("columns no layout knows, not used: {columns}"),
                columns=listing(name[:40] for name in unknown[:12]),
            )
        for role, places in columns.added.items():
            self.say(
                "tokens_added",
                N_(
                    "tokens of {others} are counted with {column}, as their publisher counts them beside it"
                ),
                others=listing(columns.header[place][:60] for place in places),
                column=columns.name(role)[:60],
            )
        if not self.reading.served and "cached" in columns.role and "prompt" not in columns.added:
            self.say(
                "cached_not_used",
                N_(
                    "cached tokens in column {column} are not used: what is cached follows from the simulated service"
                ),
                column=columns.name("cached")[:60],
            )
        return columns

    def _columns(
        self, header: Sequence[str], sample: Sequence[Sequence[Any]], asked: dict[str, str]
    ) -> Columns:
        return columns_of(
            header, self.path, self.reading.layout, self.reading.strict_columns, asked, sample
        )

    def keep_served(self, at: Ints, cells_of: Callable[[int], Sequence[Any]]) -> None:
        """Keep when and for whom some rows were served, where that is asked for."""
        if self.served is None:
            return
        try:
            self.served.add(cells_of)
        except ValueError as error:
            i, cell, place = error.args
            name = next(p.name for p in self.served.parts.values() if p.place == place)
            self.refuse(int(at[i]), name, cell, _("is not a number"))

    def filters(self, header: Sequence[str]) -> list[tuple[int, str]]:
        """Places of the columns rows are chosen by, and the value wanted there."""
        chosen = []
        for column, value in self.reading.only:
            if column not in header:
                raise UnknownNameError(
                    _("{path} has no column {column} to choose rows by.").format(
                        path=self.path, column=repr(column[:40])
                    ),
                    nearest(column, [str(cell) for cell in header]),
                )
            chosen.append((list(header).index(column), value))
        return chosen

    def session_numbers(self, cells: Iterable[object]) -> Ints:
        """Numbers for conversations by their names; -1 for none."""
        known = self.sessions
        if known is None:
            return np.zeros(0, dtype=np.int64)
        return np.array(
            [
                -1
                if cell is None or not str(cell).strip()
                else known.setdefault(str(cell), len(known))
                for cell in cells
            ],
            dtype=np.int64,
        )

    def refuse(self, line: int, column: str, value: object, why: str, hint: str = "") -> NoReturn:
        """Raise the error that names file, line, column and value, and what would be read."""
        message = (
            _("{path}, record {line}, column {column}: {value} {why}.")
            if self.records
            else _("{path}, line {line}, column {column}: {value} {why}.")
        )
        raise TraceError(
            message.format(
                path=self.path, line=line, column=column, value=repr(value)[:60], why=why
            ),
            hint or _("mend or remove the line"),
        )

    def say(self, code: str, message: str, **values: object) -> None:
        """Note what was done to the rows."""
        self.said.append(Said(code, message, values))

    def check_room(self, rows: int) -> None:
        """Refuse a log of more rows than memory was allowed for."""
        if rows > self.max_requests:
            raise TraceError(
                _("{path} has more than {limit} requests.").format(
                    path=self.path, limit=self.max_requests
                ),
                _("cut it into shorter pieces, or raise max_requests (24 bytes of memory each)"),
            )

    def add(
        self,
        at: Ints,
        t: Floats,
        prompt: Floats,
        output: Floats,
        session: Ints | None = None,
        delay: Floats | None = None,
    ) -> None:
        """Check and keep a chunk of rows.

        Parameters
        ----------
        at : ndarray of int64
            Their line numbers.
        t : ndarray of float64
            Times in the unit of the file (dates: seconds after the first); NaN where `delay` is given.
        prompt, output : ndarray of float64
        session : ndarray of int64, optional
        delay : ndarray of float64, optional
            Time after the turn before, in the unit of the file; NaN where there is a time.
        """
        self.rows += at.size
        self.check_room(self.rows)
        timed = t if delay is None else np.where(np.isnan(t) & np.isfinite(delay), 0.0, t)
        for column, values in zip(self.columns, (timed, prompt, output), strict=True):
            self._first(~np.isfinite(values), at, column, values, _("is not a finite number"))
        if not self.dated:
            self._first(timed < 0, at, self.columns[0], timed, _("is negative"))
        if delay is not None:
            self._first(delay < 0, at, "delay", delay, _("is negative"))
        for column, values in zip(self.columns[1:], (prompt, output), strict=True):
            self._first(values < 0, at, column, values, _("is negative"))
            self._first(values != np.floor(values), at, column, values, _("is not a whole number"))
            self._first(
                values > MAX_TOKENS, at, column, values, _("is more tokens than any request has")
            )
        alone = np.zeros(0, dtype=np.int64)
        self._parts.append(
            (
                at,
                t,
                prompt.astype(np.int64),
                output.astype(np.int64),
                alone if session is None else session,
                np.zeros(0) if delay is None else delay,
            )
        )

    def keep(self, t: Floats, prompt: Any, output: Any, session: Ints | None = None) -> None:
        """Keep all rows of a file at once; their reader has checked them as `add` does."""
        self.rows += t.size
        none = np.zeros(0, dtype=np.int64)
        self._parts.append(
            (none, t, prompt, output, none if session is None else session, np.zeros(0))
        )

    def _first(self, bad: Any, at: Ints, column: str, values: Floats, why: str) -> None:
        rows = np.flatnonzero(bad)
        if rows.size:
            self.refuse(int(at[rows[0]]), column, float(values[rows[0]]), why)

    def _joined(self, i: int) -> Any:
        if len(self._parts) == 1:
            return self._parts[0][i]
        return np.concatenate([part[i] for part in self._parts])

    def requests(self, name: str, source: str) -> Requests:
        """All rows as `Requests`: sorted, from 0 s on, without empty requests."""
        self._some_rows()
        t, prompt, output = (self._joined(i) for i in (1, 2, 3))
        session = self._joined(4) if self.sessions else None
        delay = self._joined(5)
        treated: list[Said] = []
        if self.left_out:
            treated.append(
                Said("rows_left_out", N_("{n} other rows left out"), {"n": self.left_out})
            )
        if self.no_requests:
            treated.append(
                Said(
                    "rows_of_another_kind",
                    N_("{n} rows without any token count are no requests and were left out"),
                    {"n": self.no_requests},
                )
            )
        empty = int(np.count_nonzero(prompt == 0) or np.count_nonzero(output == 0))
        keep: Ints | None = None
        if empty:
            keep, note = self._without_empty(prompt, output)
            treated.append(note)
        t_s, start_h, _zero = self._seconds(t, delay, session)
        self._look_at_times(t_s, prompt, output)
        if keep is not None:
            t_s = t_s[keep]
        back = int(np.count_nonzero(t_s[1:] < t_s[:-1]))
        if back:
            furthest = float(-np.diff(t_s).min())
            order = np.argsort(t_s, kind="stable")
            t_s = t_s[order]
            keep = order if keep is None else keep[order]
            treated.append(
                Said(
                    "sorted",
                    N_("{n} requests came before the one above them; sorted by time"),
                    {"n": back},
                )
            )
            if back <= 2 and furthest > CLOCK_BACK_S:
                treated.append(
                    Said(
                        "clock_back",
                        N_("the time goes back by {s:.0f} s at once, where the rows are else in order: a clock that was set, or the hour that clocks repeat in autumn? Rows of two hours then lie in one: write times in UTC"),
                        {"s": furthest},
                    )
                )  # fmt: skip
        if self.blank:
            treated.append(Said("blank_lines", N_("{n} blank lines skipped"), {"n": self.blank}))
        blocks = self._blocks(prompt)
        if keep is not None:
            prompt, output = prompt[keep], output[keep]
            blocks = None if blocks is None else blocks.take(keep)
            session = None if session is None else session[keep]
        twice = (t_s[1:] == t_s[:-1]) & (prompt[1:] == prompt[:-1]) & (output[1:] == output[:-1])
        n_twice = int(np.count_nonzero(twice))
        treated += rows_twice(n_twice, t_s.size)
        first = float(t_s[0])
        if first:
            t_s -= first
        for values in (t_s, prompt, output):
            if values.base is None:
                values.flags.writeable = False  # nobody else has them: they need no copy
        return Requests(
            t_s=t_s,
            prompt_tokens=prompt,
            output_tokens=output,
            hash_ids=blocks,
            name=name or self.path.name,
            source=source or self.path.name,
            # what was guessed or dropped comes first
            said=tuple(sorted([*self.said, *treated], key=weight)),
            start_h=self._clock_h(first, start_h),
            in_utc=self.zoned if self.dated else start_h is not None and not self.from_midnight,
            session=session,
            layout=self.layout,
        )

    def _some_rows(self) -> None:
        if self.rows == 0 and self.left_out:
            raise TraceError(
                _("{path}: none of {n} rows has {wanted}.").format(
                    path=self.path,
                    n=self.left_out,
                    wanted=", ".join(f"{column} = {value}" for column, value in self.reading.only),
                ),
                _("small and capital letters count, as in the file"),
            )
        if self.rows == 0:
            raise TraceError(
                _("{path} holds no request.").format(path=self.path),
                _("was it fetched completely?"),
            )

    def _without_empty(self, prompt: Any, output: Any) -> tuple[Ints, Said]:
        """Numbers of the requests that read and wrote something, and what to say of the others."""
        empty = (prompt == 0) | (output == 0)
        if self.zero_length == "error":
            first = int(np.flatnonzero(empty)[0])
            at = self._joined(0)
            column = self.columns[1 if prompt[first] == 0 else 2]
            self.refuse(
                int(at[first]) if at.size else first + 1, column, 0, _("is an empty request")
            )
        keep = np.flatnonzero(~empty)
        if keep.size == 0:
            raise TraceError(
                _("{path}: every request in it is empty.").format(path=self.path),
                _("are prompt and output tokens in the right columns?"),
            )
        return keep, Said(
            "empty_requests",
            N_("{n} requests without prompt or answer left out"),
            {"n": int(empty.sum())},
        )

    def _seconds(
        self, t: Floats, delay: Floats, session: Any
    ) -> tuple[Floats, float | None, int | None]:
        """Seconds of every row, the hour of the day of 0 s where numbers are dates, and 0 s itself. [s, h, ns]"""
        waits = bool(delay.size and np.isnan(t).any())
        start_h = None
        zero_ns = int(self.epoch.astype(np.int64)) if self.epoch is not None else None
        clock = self.found.clock(self.reading.time_unit) if self.found is not None else None
        step = 1.0
        if self.dated or clock is None:
            if clock is not None and clock.asked and self.dated:
                self.say("time_unit_idle", N_("--time-unit changes nothing: times are dates"))
            t_s = np.array(t) if waits else t
            step = 1e-3  # a delay beside dates: AIPerf's are milliseconds
        else:
            known = t[~np.isnan(t)] if waits else t
            if known.size == 0:
                raise TraceError(
                    _("{path}: no row has a time of arrival.").format(path=self.path),
                    _("give the first turn of each conversation a time"),
                )
            read = seconds_of(known, clock, self.path)
            self.said += read.said
            start_h, zero_ns = read.start_h, read.zero_ns
            step = TIME_UNITS.get(read.unit, 1.0)
            if waits:
                t_s = np.full(t.size, np.nan)
                t_s[~np.isnan(t)] = read.t_s
            else:
                t_s = read.t_s if read.t_s is not t else np.array(t)
        if waits:
            named = self.found.role["delay"][1] if self.found is not None else None
            self._wait(t_s, delay * (named if named is not None else step), session)
        return (t_s if t_s is not t else np.array(t)), start_h, zero_ns

    def arrivals(self) -> tuple[Floats, Any, Any, int | None]:
        """Times after a zero of all rows in their order, tokens, and that zero where it is a date. [s, token, ns UTC]"""
        self._some_rows()
        t, prompt, output = (self._joined(i) for i in (1, 2, 3))
        session = self._joined(4) if self.sessions else None
        t_s, _start_h, zero_ns = self._seconds(t, self._joined(5), session)
        self._look_at_times(t_s, prompt, output)
        return t_s, prompt, output, zero_ns

    def _wait(self, t_s: Floats, delay_s: Floats, session: Any) -> None:
        """Times of turns that give their delay after the turn before, in place."""
        if session is None:
            raise TraceError(
                _("{path}: a row gives a delay, but there is no session it goes on.").format(
                    path=self.path
                ),
                _("name the conversation of each row in session_id"),
            )
        last: dict[int, float] = {}
        for i, (time, wait, who) in enumerate(
            zip(t_s.tolist(), delay_s.tolist(), session.tolist(), strict=True)
        ):
            if time != time:
                if who < 0 or who not in last:
                    at = self._joined(0)
                    self.refuse(int(at[i]), "delay", wait * 1.0, _("follows no turn with a time"))
                time = last[who] + wait
                t_s[i] = time
            last[who] = time
        self.say(
            "delays_from_arrival",
            N_(
                "{n} later turns give a delay in place of a time; they come that long after the turn before came, "
                "since when that one was answered is not in the log"
            ),
            n=int(np.count_nonzero(np.isfinite(delay_s))),
        )

    def _look_at_times(self, t_s: Floats, prompt: Any, output: Any) -> None:
        """Refuse times that are latencies, and rows that are totals of a day."""
        if self.found is None or self.found.asked or t_s.size < 4:
            return
        column = self.columns[0]
        falls = int(np.count_nonzero(t_s[1:] < t_s[:-1]))
        small = float(t_s.max()) < 7200.0
        doubtful = name_words(column.split(".")[-1])[:1] in (("time",), ("times",), ("when",))
        if doubtful and not self.dated and small and t_s.size >= 8 and falls > 0.25 * t_s.size:
            raise TraceError(
                _(
                    "{path}: column {column} falls from row to row {n} times, as latencies do; a time of arrival goes on."
                ).format(path=self.path, column=column, n=falls),
                _("name the time of arrival: {option} (or {same} if it is one)").format(
                    option="--columns time=NAME", same=f"--columns time={column}"
                ),
            )
        if falls:
            return
        if t_s.size >= 10 and all(_running_total(v) for v in (prompt, output)):
            raise running_totals(self.path, column, float(prompt[0]), float(prompt[-1]))
        step = float(t_s[1] - t_s[0])
        if step < 60.0 or t_s.size > 100_000:
            return
        steps = np.diff(t_s)
        days = (
            step >= 86_400.0
            and bool((steps >= 86_400.0 - 1).all())
            and bool((np.abs(steps / 86_400.0 - np.rint(steps / 86_400.0)) < 1e-6).all())
        )
        even = bool((np.abs(steps - step) < 1e-6 * step).all())
        many = float(np.mean(prompt)) + float(np.mean(output))
        if days or (even and ((step >= 3600.0 and many > 4000) or float(np.mean(output)) > 20_000)):
            raise TraceError(
                _(
                    "{path}: a row each {step:g} h with {n:.0f} tokens looks like a total of that time, not like one request."
                ).format(path=self.path, step=step / 3600.0, n=many),
                _("give the log of single requests; if each row is one, say so: {option}").format(
                    option=f"--columns time={column}"
                ),
            )

    def _blocks(self, prompt: Any) -> PrefixBlocks | None:
        """Prefix blocks of all rows, their size checked against the lengths of the prompts."""
        if self.block_ids is None:
            return None
        sizes = np.asarray(self.block_sizes, dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        ids = np.asarray(self.block_ids, dtype=np.int64)
        if ids.size == 0:
            return None
        size = block_tokens(sizes, prompt)
        if size is None:
            self.say(
                "prefix_blocks_unfit",
                N_(
                    "prefix blocks are not used: their number fits the prompts with no size of block"
                ),
            )
            return None
        if size != 512:
            self.say(
                "prefix_block_size",
                N_("prefix blocks hold {n} tokens each, by the lengths of the prompts"),
                n=size,
            )
        return PrefixBlocks(ids, starts.astype(np.int64), size)

    def _clock_h(self, first_s: float, start_h: float | None) -> float | None:
        """Hour of the day of the first request, if the log has dates."""
        if self.from_midnight and not self.dated:
            return float(first_s / 3600.0 % 24.0)
        if not self.dated:
            return None if start_h is None else float((start_h + first_s / 3600.0) % 24.0)
        if self.epoch is None:
            return None
        midnight = self.epoch.astype("datetime64[D]")
        since = (self.epoch - midnight).astype("timedelta64[ns]").astype(np.int64) * 1e-9
        return float((since + first_s) / 3600.0 % 24.0)


_WEIGHTS = (
    "seconds_assumed time_unit_told time_unit_found delays_from_arrival",
    "clock_back rows_twice ids_repeat empty_requests rows_left_out rows_of_another_kind failed_left_out prefix_blocks_unfit prefix_block_size",
    "times_passed_over tokens_added",
)


def running_totals(path: Path, column: str, low: float, high: float) -> TraceError:
    """That both counts of tokens rise from row to row; `column` has the times."""
    return TraceError(
        _("{path}: both counts of tokens rise from row to row, from {low:.0f} to {high:.0f} of the prompt: running totals, not single requests.").format(
            path=path, low=low, high=high
        ),
        _("give the log of single requests; if each row is one, say so: {option}").format(option=f"--columns time={column}"),
    )  # fmt: skip


def rows_twice(n: int, rows: int) -> list[Said]:
    """What is to be said of `n` of `rows` rows that repeat the one before."""
    if n < 2 or n < TWICE * rows:
        return []
    return [
        Said(
            "rows_twice",
            N_("{n} rows repeat the time and both lengths of the row before: if the log writes a request twice, they are counted twice"),
            {"n": n},
        )
    ]  # fmt: skip


def _running_total(counts: Any) -> bool:
    """Whether counts rise from row to row about as a sum of that many rows does."""
    if float(counts[-1]) < counts.size / 3 * (float(counts[0]) or 1.0):
        return False
    return bool((counts[1:] > counts[:-1]).all())


def weight(said: Said) -> int:
    """Place of what was done to rows among what is said: guesses and losses first."""
    return next(
        (i for i, codes in enumerate(_WEIGHTS) if said.code in codes.split()), len(_WEIGHTS)
    )


REQUEST_IDS = {"requestid", "reqid", "xrequestid", "id", "uid"}
"""Plain names of columns that number requests."""
CLOCK_BACK_S = 60.0
"""A step back by more than this, once in a log in order, is a clock, not threads that write in turn. [s]"""
TWICE = 0.01
"""From this share on, rows that repeat the one before are told. [1]"""
_BLOCKS = (512, 16, 32, 64, 128, 256, 1024)


def block_tokens(sizes: Ints, prompt: Any) -> int | None:
    """How many tokens a prefix block has, by how many blocks prompts have; None: they fit no size. [token]

    Examples
    --------
    >>> block_tokens(np.array([40, 40]), np.array([640, 640]))
    16
    """
    some = np.flatnonzero(sizes)
    if some.size == 0:
        return 512
    n, length = sizes[some], np.asarray(prompt, dtype=np.int64)[some]
    fits = {}
    for size in _BLOCKS:
        fits[size] = float(((-(-length // size) == n) | (length // size == n)).mean())
    best = max(_BLOCKS, key=lambda size: fits[size])
    if fits[512] >= 0.9:
        return 512
    if fits[best] >= 0.9 and some.size > 1:
        return best
    # only the first blocks of each prompt: possible, as long as they do not go beyond it
    return 512 if float((n <= -(-length // 512)).mean()) >= 0.99 else None


def regular_file(path: Path, max_bytes: int | None) -> Path:
    """`path`, if it is a file that may be read: there, not empty, not a device, not too large."""
    place = files.regular_file(
        path, None, TraceError, _("check the path: the request log itself is read")
    )
    size = place.stat().st_size
    if size == 0:
        raise TraceError(_("{path} is empty.").format(path=path), _("was it fetched completely?"))
    if max_bytes is not None and size > max_bytes:
        raise TraceError(
            _(
                "{path} has {size:.1f} GB, above the limit of {limit:.1f} GB for a text file."
            ).format(path=path, size=size / 1e9, limit=max_bytes / 1e9),
            _("convert it to Parquet, cut it into pieces, or raise max_bytes"),
        )
    return place


def open_text(path: Path, max_bytes: int = MAX_BYTES) -> TextIO:
    """The file as text, unpacked if it is compressed; a byte-order mark is skipped."""
    return files.open_text(
        path,
        max_bytes,
        TraceError,
        _("convert it to Parquet, cut it into pieces, or raise max_bytes"),
    )


def short_lines(stream: TextIO, draft: Draft) -> Iterator[str]:
    """Lines, refusing one so long that it cannot be a row; notes a missing last line end."""
    line = ""
    number = 0
    while True:
        following = stream.readline(_MAX_LINE)
        if not following:
            break
        line = following
        number += 1
        if len(line) >= _MAX_LINE:
            raise TraceError(
                _("{path}, line {line} is longer than {limit} characters.").format(
                    path=draft.path, line=number, limit=_MAX_LINE
                ),
                _("is this a text file with one request a line?"),
            )
        yield line
    if line and not line.endswith(("\n", "\r")):
        draft.say(MAYBE_CUT_OFF, N_("the last line has no line end: it may be cut off"))


PACKED = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ": ".xz", b"PK\x03\x04": ".xlsx"}
"""How packed files begin, and how their names end."""


def not_utf8(path: Path, error: UnicodeDecodeError) -> NoReturn:
    """Raise the error that names the byte that is not text."""
    kind = next((ending for begin, ending in PACKED.items() if error.object.startswith(begin)), "")
    raise TraceError(
        _("{path} is not UTF-8 text: byte 0x{byte:02x}.").format(
            path=path, byte=error.object[error.start]
        ),
        _("it is packed: name it {name}").format(name=f"{path.name}{kind}")
        if kind.startswith(".") and kind != ".xlsx"
        else _("a spreadsheet? save it as CSV first")
        if kind
        else _("save it as UTF-8 first"),
    ) from error
