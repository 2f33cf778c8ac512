"""What do all request logs share? Column names, checks of each row, sorting, notes (times [s], lengths [token]).

The readers of the single layouts hand their rows to a `Draft`; what it refuses it refuses with file, line and
column, and what it treats (sorted, left out) it notes.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, NoReturn, TextIO

import numpy as np

from taotie.errors import TraceError, UnknownNameError, nearest
from taotie.words.language import N_, _
from taotie.words.said import Said
from taotie.workload.requests import Floats, Ints, PrefixBlocks, Requests
from taotie.workload.trace_layout import AUTO, Columns, columns_of

__all__ = [
    "CHUNK_ROWS",
    "MAX_BYTES",
    "MAX_REQUESTS",
    "MAX_TOKENS",
    "MAYBE_CUT_OFF",
    "Draft",
    "Reading",
    "ZeroLength",
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


class Draft:
    """Rows read so far, the checks every layout shares, and the notes on what was done to them."""

    def __init__(self, path: Path, reading: Reading) -> None:
        self.path = path
        self.reading = reading
        self.zero_length = reading.zero_length
        self.max_requests = reading.max_requests
        self.columns = ("t_s", "prompt_tokens", "output_tokens")
        self.dated: bool | None = None
        self.epoch: np.datetime64 | None = None
        self.blank = 0
        self.rows = 0
        self.said: list[Said] = []
        # Prefix blocks of all rows and how many each has, as any array of int64; None: the file has none.
        self.block_ids: Any = None
        self.block_sizes: Any = None
        self.layout: Said | None = None
        self.left_out = 0
        # BurstGPT counts seconds from midnight: then the hour of the day is known without a date
        self.from_midnight = False
        self.sessions: dict[str, int] | None = None
        self._parts: list[tuple[Ints, Floats, Floats, Floats, Ints]] = []

    def recognise(self, header: Sequence[str]) -> Columns:
        """The columns of this log; what was recognised and what is not used is noted."""
        columns = columns_of(header, self.path, self.reading.layout, self.reading.strict_columns)
        self.columns = (columns.name("t"), columns.name("prompt"), columns.name("output"))
        self.layout = columns.said()
        self.from_midnight = columns.layout == "burstgpt"
        if "session" in columns.role:
            self.sessions = {}
        if columns.unknown:
            self.say(
                "columns_unused",
                N_("columns no layout knows, not used: {columns}"),
                columns=", ".join(name[:40] for name in columns.unknown[:12]),
            )
        return columns

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

    def refuse(self, line: int, column: str, value: object, why: str) -> NoReturn:
        """Raise the error that names file, line, column and value."""
        raise TraceError(
            _("{path}, line {line}, column {column}: {value} {why}.").format(
                path=self.path, line=line, column=column, value=repr(value)[:60], why=why
            ),
            _("mend or remove the line"),
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
        self, at: Ints, t: Floats, prompt: Floats, output: Floats, session: Ints | None = None
    ) -> None:
        """Check and keep a chunk of rows; `at` are their line numbers."""
        self.rows += at.size
        self.check_room(self.rows)
        for column, values in zip(self.columns, (t, prompt, output), strict=True):
            self._first(~np.isfinite(values), at, column, values, _("is not a finite number"))
        if not self.dated:
            self._first(t < 0, at, self.columns[0], t, _("is negative"))
        for column, values in zip(self.columns[1:], (prompt, output), strict=True):
            self._first(values < 0, at, column, values, _("is negative"))
            self._first(values != np.floor(values), at, column, values, _("is not a whole number"))
            self._first(
                values > MAX_TOKENS, at, column, values, _("is more tokens than any request has")
            )
        alone = np.zeros(0, dtype=np.int64)
        self._parts.append((at, t, prompt, output, alone if session is None else session))

    def _first(self, bad: Any, at: Ints, column: str, values: Floats, why: str) -> None:
        rows = np.flatnonzero(bad)
        if rows.size:
            self.refuse(int(at[rows[0]]), column, float(values[rows[0]]), why)

    def requests(self, name: str, source: str) -> Requests:
        """All rows as `Requests`: sorted, from 0 s on, without empty requests."""
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
        at, t, prompt, output = (
            np.concatenate([part[i] for part in self._parts]) for i in range(4)
        )
        session = None
        if self.sessions:
            session = np.concatenate([part[4] for part in self._parts])
        if self.left_out:
            self.say("rows_left_out", N_("{n} other rows left out"), n=self.left_out)
        keep = np.arange(t.size, dtype=np.int64)
        empty = (prompt == 0) | (output == 0)
        if empty.any():
            if self.zero_length == "error":
                first = int(np.flatnonzero(empty)[0])
                column = self.columns[1 if prompt[first] == 0 else 2]
                self.refuse(int(at[first]), column, 0, _("is an empty request"))
            keep = keep[~empty]
            self.say(
                "empty_requests",
                N_("{n} requests without prompt or answer left out"),
                n=int(empty.sum()),
            )
            if keep.size == 0:
                raise TraceError(
                    _("{path}: every request in it is empty.").format(path=self.path),
                    _("are prompt and output tokens in the right columns?"),
                )
        back = int((np.diff(t[keep]) < 0).sum())
        if back:
            keep = keep[np.argsort(t[keep], kind="stable")]
            self.say(
                "sorted", N_("{n} requests came before the one above them; sorted by time"), n=back
            )
        if self.blank:
            self.say("blank_lines", N_("{n} blank lines skipped"), n=self.blank)
        blocks = None
        if self.block_ids is not None:
            sizes = np.asarray(self.block_sizes, dtype=np.int64)
            starts = np.concatenate([[0], np.cumsum(sizes)])
            ids = np.asarray(self.block_ids, dtype=np.int64)
            blocks = PrefixBlocks(ids, starts.astype(np.int64)).take(keep)
        return Requests(
            t_s=t[keep] - t[keep[0]],
            prompt_tokens=prompt[keep].astype(np.int64),
            output_tokens=output[keep].astype(np.int64),
            hash_ids=blocks,
            name=name or self.path.name,
            source=source or self.path.name,
            said=tuple(self.said),
            start_h=self._clock_h(float(t[keep[0]])),
            session=None if session is None else session[keep],
            layout=self.layout,
        )

    def _clock_h(self, first_s: float) -> float | None:
        """Hour of the day of the first request, if the log has dates."""
        if self.from_midnight and not self.dated:
            return float(first_s / 3600.0 % 24.0)
        if not self.dated or self.epoch is None:
            return None
        midnight = self.epoch.astype("datetime64[D]")
        since = (self.epoch - midnight).astype("timedelta64[ns]").astype(np.int64) * 1e-9
        return float((since + first_s) / 3600.0 % 24.0)


def regular_file(path: Path, max_bytes: int | None) -> Path:
    """`path`, if it is a file that may be read: there, not empty, not a device, not too large."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TraceError(
            _("{path} cannot be read: {why}.").format(path=path, why=why),
            _("check the path of the request log"),
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise TraceError(
            _("{path} is not a file.").format(path=path), _("name the request log itself")
        )
    if status.st_size == 0:
        raise TraceError(_("{path} is empty.").format(path=path), _("was it fetched completely?"))
    if max_bytes is not None and status.st_size > max_bytes:
        raise TraceError(
            _(
                "{path} has {size:.1f} GB, above the limit of {limit:.1f} GB for a text file."
            ).format(path=path, size=status.st_size / 1e9, limit=max_bytes / 1e9),
            _("convert it to Parquet, cut it into pieces, or raise max_bytes"),
        )
    return path


def open_text(path: Path) -> TextIO:
    """The file as text; a byte-order mark is skipped."""
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise TraceError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror or error),
            _("check the rights of the file"),
        ) from error


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


def not_utf8(path: Path, error: UnicodeDecodeError) -> NoReturn:
    """Raise the error that names the byte that is not text."""
    raise TraceError(
        _("{path} is not UTF-8 text: byte 0x{byte:02x}.").format(
            path=path, byte=error.object[error.start]
        ),
        _("save it as UTF-8 first"),
    ) from error
