"""How is a file read that somebody else wrote? Only if it is a file, of a size, a depth and numbers that can be meant.

Every reader of taotie goes through here (a test forbids others): a pipe or a device is refused at once instead of
waited for, a compressed file stops at its limit, TOML and JSON nested without end or with numbers of hundreds of
digits are a sentence. A refusal is the error class that the caller names, `DataError` by default.
"""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TextIO, TypeVar

from taotie.errors import DataError, TaotieError
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = [
    "COMPRESSED",
    "DEEPEST",
    "between_cells",
    "csv_dicts",
    "csv_rows",
    "decoded",
    "json_value",
    "json_values",
    "of_others",
    "open_binary",
    "open_text",
    "read_bytes",
    "read_json",
    "read_text",
    "read_toml",
    "regular_file",
    "table_dicts",
    "table_rows",
    "toml_value",
    "unpacked",
]

P = ParamSpec("P")
T = TypeVar("T")
Path_ = str | Path
Kind = type[TaotieError]

TABLE_BYTES = 200_000_000
"""Largest table that is read whole by default: decades of hours. [B]"""
TEXT_BYTES = 500_000
"""Largest TOML: twenty times the longest file of a publisher or ours; its parser takes 3 s for the worst of it. [B]"""
JSON_BYTES = 200_000_000
"""Largest JSON read whole by default; a long result has 20 MB. [B]"""
DEEPEST = 100
"""Tables within tables; the deepest file of a publisher that we know has 14."""
KEY_PARTS = 24
"""Parts of one dotted TOML key; the parser of Python takes the square of them."""
_LONG_KEY = re.compile(rf"""(?<![\w"'.-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){{{KEY_PARTS}}}""")
COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}


def _why(error: BaseException) -> str:
    return reason(error)[:200]


def _refused(path: Path_, why: str, kind: Kind, hint: str = "") -> TaotieError:
    return kind(
        _("{path} cannot be read: {why}.").format(path=path, why=why.removesuffix(".")),
        hint or _("check the path, and what the file holds"),
    )


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes >= 1e6 else f"{n_bytes:.0f} B"


def of_others(kind: Kind) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a reader of what others wrote: whatever shape it has, the answer is a value or the error `kind`.

    A layout is checked where the check can say something useful. What a file may hold instead of what it should
    (a list for a table, a word for a number, a time beyond any calendar) has no end, so the rest is met here.

    Parameters
    ----------
    kind : type
        The error raised; the first argument of the reader says where.
    """

    def decorated(reader: Callable[P, T]) -> Callable[P, T]:
        @wraps(reader)
        def read(*args: P.args, **options: P.kwargs) -> T:
            try:
                return reader(*args, **options)
            except TaotieError:
                raise
            except _SHAPES as error:
                where = options.get("where") or next((str(a) for a in args if _is_name(a)), "")
                raise kind(
                    _("{path} does not hold what such a file holds: {what}.").format(
                        path=where or _("this text"), what=_said(error)
                    ),
                    _("check the path, and what the file holds"),
                ) from error

        return read

    return decorated


_SHAPES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,  # a time beyond what the system's calendar takes
    RuntimeError,
    StopIteration,  # no entry of a table fits
    TypeError,
    ValueError,
)


def _is_name(value: object) -> bool:
    return isinstance(value, Path) or (
        isinstance(value, str) and 0 < len(value) < 300 and "\n" not in value
    )


def _said(error: Exception) -> str:
    return f"{type(error).__name__} {str(error)[:100]}".replace("\n", " ").rstrip(" .")


def regular_file(
    path: Path_, max_bytes: int | None = TABLE_BYTES, kind: Kind = DataError, hint: str = ""
) -> Path:
    """`path` as a `Path`, if a file stands there: no folder, no pipe, no device, not too large.

    Parameters
    ----------
    path : path-like
    max_bytes : int or None
        Largest size; None for files that are read piece by piece. [B]
    kind : type, default `DataError`
        The error raised.
    hint : str, optional
        What to do instead of the general hint.

    Raises
    ------
    kind
        If it is none.
    """
    place = Path(path)
    try:
        status = place.stat()
    except (OSError, ValueError) as error:
        raise _refused(path, _why(error), kind, hint) from None
    if stat.S_ISDIR(status.st_mode):
        raise _refused(path, _("it is a folder"), kind, hint)
    if not stat.S_ISREG(status.st_mode):
        raise _refused(path, _("it is a pipe or a device, not a file"), kind, hint)
    if max_bytes is not None and status.st_size > max_bytes:
        raise _refused(
            path,
            _("it has {size}, and at most {limit} are read").format(
                size=_size(status.st_size), limit=_size(max_bytes)
            ),
            kind,
            hint,
        )
    return place


def open_binary(
    path: Path_, max_bytes: int | None = TABLE_BYTES, kind: Kind = DataError, hint: str = ""
) -> BinaryIO:
    """A file opened for reading bytes as they stand; refusals as of `regular_file`."""
    place = regular_file(path, max_bytes, kind, hint)
    try:
        return place.open("rb")
    except OSError as error:
        raise _refused(path, _why(error), kind, hint) from None


def read_bytes(
    path: Path_, max_bytes: int = TABLE_BYTES, kind: Kind = DataError, hint: str = ""
) -> bytes:
    """The bytes of a file as they stand, at most `max_bytes`; refusals as of `regular_file`."""
    with open_binary(path, max_bytes, kind, hint) as stream:
        try:
            raw = stream.read(max_bytes + 1)
        except OSError as error:
            raise _refused(path, _why(error), kind, hint) from None
    if (
        len(raw) > max_bytes
    ):  # it grew while it was read, or its size is not known (such as in /proc)
        raise _refused(
            path,
            _("it has more than {limit}").format(limit=_size(max_bytes)),
            kind,
            hint,
        )
    return raw


def read_text(
    path: Path_,
    max_bytes: int = TABLE_BYTES,
    kind: Kind = DataError,
    hint: str = "",
    errors: str = "strict",
) -> str:
    """A text file in UTF-8, without its byte-order mark; unpacked if its name ends in .gz, .bz2 or .xz.

    Raises
    ------
    kind
        As `regular_file`; or if it is not UTF-8 (unless `errors` says otherwise), or unpacks beyond `max_bytes`.
    """
    with open_text(path, max_bytes, kind, hint, errors) as stream:
        try:
            return stream.read()
        except TaotieError:
            raise
        except Exception as error:  # each packer has errors of its own
            raise _unread(path, error, kind, hint) from None


def _unread(path: Path_, error: Exception, kind: Kind, hint: str) -> TaotieError:
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        return _refused(
            path,
            _("it is not UTF-8 text: byte 0x{byte:02x}").format(byte=byte),
            kind,
            hint or _("save it as UTF-8 first"),
        )
    return _refused(path, _why(error), kind, hint or _("was it fetched completely?"))


class _Limited(io.RawIOBase):
    """Bytes of a compressed file, refused beyond a limit: a small file may hold a great deal."""

    def __init__(self, inner: Any, path: Path_, limit: int, kind: Kind, hint: str) -> None:
        self.inner, self.path, self.left, self.limit = inner, path, limit, limit
        self.kind, self.hint = kind, hint

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got = self.inner.read(len(buffer))
        self.left -= len(got)
        if self.left < 0:
            raise _refused(
                self.path,
                _("unpacked it has more than {limit}").format(limit=_size(self.limit)),
                self.kind,
                self.hint,
            )
        buffer[: len(got)] = got
        return len(got)

    def close(self) -> None:
        self.inner.close()
        super().close()


def open_text(
    path: Path_,
    max_bytes: int | None = TABLE_BYTES,
    kind: Kind = DataError,
    hint: str = "",
    errors: str = "strict",
) -> TextIO:
    """A text file in UTF-8 to be read line by line, line ends as they are; unpacked if it is compressed.

    Parameters
    ----------
    path : path-like
    max_bytes : int or None
        Largest size, packed and unpacked. None: packed any size, unpacked a hundred times `TABLE_BYTES`. [B]
    kind, hint
        As of `regular_file`.
    errors : str, default "strict"
        What becomes of bytes that are no text, as of `open`.

    Raises
    ------
    kind
        As `regular_file`; while reading also if it unpacks beyond the limit.
    """
    place = regular_file(path, max_bytes, kind, hint)
    packer = COMPRESSED.get(place.suffix.lower())
    try:
        if packer is None:
            return place.open(encoding="utf-8-sig", errors=errors, newline="")
        inner = import_module(packer).open(place, "rb")
        inner.peek(1)  # a file that is not packed is found here, not at the first line
    except Exception as error:  # each packer has errors of its own
        raise _unread(path, error, kind, hint) from None
    limit = max_bytes if max_bytes is not None else 100 * TABLE_BYTES
    raw = io.BufferedReader(_Limited(inner, path, limit, kind, hint), 1 << 20)
    return io.TextIOWrapper(raw, encoding="utf-8-sig", errors=errors, newline="")


def unpacked(
    raw: bytes, path: Path_, max_bytes: int = TABLE_BYTES, kind: Kind = DataError
) -> bytes:
    """`raw`, unpacked if it begins like a gzip file, whatever its name; at most `max_bytes`."""
    if raw[:2] != b"\x1f\x8b":
        return raw
    import gzip

    try:
        with gzip.open(io.BytesIO(raw)) as stream:
            made = stream.read(max_bytes + 1)
    except Exception as error:  # zlib has an error of its own
        raise _unread(path, error, kind, "") from None
    if len(made) > max_bytes:
        raise _refused(
            path, _("unpacked it has more than {limit}").format(limit=_size(max_bytes)), kind
        )
    return made


def decoded(raw: bytes, path: Path_, kind: Kind = DataError) -> str:
    """Bytes as UTF-8 text, without the byte-order mark."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unread(path, error, kind, "") from None


class _Refused(tomllib.TOMLDecodeError):
    """TOML, but more than we take: the words are ours."""


def toml_value(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises
    ------
    ValueError
        If it is not TOML (`tomllib.TOMLDecodeError`), nested deeper than `DEEPEST`, or holds a whole number beyond
        64 bits, which TOML does not have.
    """
    if _LONG_KEY.search(text):
        raise _Refused(_("a key of more than {n} parts").format(n=KEY_PARTS))
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise _Refused(_deep()) from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # whole numbers of thousands of digits
        raise _Refused(reason(error)[:200]) from None
    _measured(found, wide=False)
    return found


def json_value(text: str | bytes) -> Any:
    """The value of a JSON text; a whole number beyond 64 bits becomes a floating one, as elsewhere.

    Raises
    ------
    ValueError
        If it is not JSON, nested deeper than `DEEPEST`, or holds a number beyond 1e308.
    """
    try:
        found = json.loads(text, parse_int=_whole)
    except RecursionError:
        raise ValueError(_deep()) from None
    if not isinstance(text, str) or text.count("[") + text.count("{") > DEEPEST:
        _measured(found, wide=True)
    return found


def json_values(lines: list[str]) -> list[Any]:
    """`json_value` of each line: many at once, in a fraction of the time."""
    odd = any(
        _LONG_NUMBER.search(line) or line.count("[") + line.count("{") > DEEPEST for line in lines
    )
    return list(map(json_value if odd else json.loads, lines))


_LONG_NUMBER = re.compile(r"\d{19}")


def _whole(digits: str) -> int | float:
    if len(digits) < 19:
        return int(digits)
    if len(digits) > 309:
        raise ValueError(_("a number of {n} digits").format(n=len(digits)))
    value = int(digits)
    return value if -(1 << 63) <= value < 1 << 63 else float(value)


def _deep() -> str:
    return _("it is nested deeper than {n}").format(n=DEEPEST)


def _measured(root: Any, wide: bool) -> None:
    """Refuse what is nested too deep or, unless `wide`, whole numbers beyond 64 bits; without recursion."""
    level: list[Any] = [root]
    for _depth in range(DEEPEST):
        if not level:
            return
        following: list[Any] = []
        for one in level:
            for value in one.values() if isinstance(one, Mapping) else one:
                kind = type(value)
                if kind is dict or kind is list:
                    following.append(value)
                elif kind is int and not wide and not -(1 << 63) <= value < 1 << 63:
                    raise _Refused(_("a whole number of {n} digits").format(n=len(str(abs(value)))))
        level = following
        if not isinstance(root, dict | list):
            return
    if level:
        raise _Refused(_deep())


def read_toml(
    path: Path_, max_bytes: int = TEXT_BYTES, kind: Kind = DataError, hint: str = ""
) -> dict[str, Any]:
    """The tables of a TOML file; refusals as of `read_text` and `toml_value`."""
    text = read_text(path, max_bytes, kind, hint)
    try:
        return toml_value(text)
    except ValueError as error:
        raise kind(
            _("{path} is not TOML: {what}.").format(path=path, what=_why(error).removesuffix(".")),
            hint or _("each key stands once in its table; texts are in quotes"),
        ) from None


def read_json(
    path: Path_, max_bytes: int = JSON_BYTES, kind: Kind = DataError, hint: str = ""
) -> Any:
    """The value of a JSON file; refusals as of `read_text` and `json_value`."""
    text = read_text(path, max_bytes, kind, hint)
    try:
        return json_value(text)
    except ValueError as error:
        raise kind(
            _("{path} is not JSON: {what}.").format(path=path, what=_why(error).removesuffix(".")),
            hint or _("was it fetched completely?"),
        ) from None


def csv_rows(
    source: str | Iterable[str],
    where: Path_,
    kind: Kind = DataError,
    hint: str = "",
    **form: Any,
) -> Iterator[list[str]]:
    """Rows of cells of a CSV text, or of its lines; `form` as of `csv.reader`.

    Raises
    ------
    kind
        While reading, if a line is no row: a NUL character, a cell beyond 131,072 characters, bytes that are no text.
    """
    lines: Iterable[str] = io.StringIO(source, newline="") if isinstance(source, str) else source
    reader = csv.reader(lines, **form)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _refused(
                where,
                _("line {n}: {what}").format(n=reader.line_num, what=reason(error)),
                kind,
                hint,
            ) from None
        except (OSError, EOFError, ValueError) as error:
            if isinstance(error, TaotieError):
                raise
            raise _unread(where, error, kind, hint) from None
        yield row


def between_cells(line: str) -> str:
    """What stands between the columns of a header line: comma, tab, semicolon or bar.

    Examples
    --------
    >>> between_cells("t_s;prompt_tokens;output_tokens"), between_cells('"a;b;c",d')
    (';', ',')
    """
    bare = re.sub(r'"[^"]*"', "", line)
    found = {sign: bare.count(sign) for sign in ",\t;|"}
    best = max(found, key=lambda sign: found[sign])
    return best if found[best] > 0 else ","


_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
_OF_COMMAS = re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?")


def table_rows(text: str, where: Path_, kind: Kind = DataError, hint: str = "") -> list[list[str]]:
    """Rows of a table as the programs of any country write it, without blank ones at its end; cells stripped.

    Between cells may stand commas, semicolons, tabs or bars. Where it is no comma and some cell has a comma before
    its decimals, commas of numbers become points, and points before three digits go.

    Examples
    --------
    >>> table_rows("Zeit;Last\\n01.02.2025 00:00;1.040,5\\n", "last.csv")[1]
    ['01.02.2025 00:00', '1040.5']
    >>> table_rows("time,load\\n2025-02-01 00:00,40.5\\n", "load.csv")[1]
    ['2025-02-01 00:00', '40.5']
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    sign = between_cells(first)
    rows = [
        [cell.strip() for cell in row] for row in csv_rows(text, where, kind, hint, delimiter=sign)
    ]
    while rows and not any(rows[-1]):
        rows.pop()
    if sign == "," or not any(_DECIMAL_COMMA.fullmatch(c) for row in rows for c in row):
        return rows
    return [
        [c.replace(".", "").replace(",", ".") if _OF_COMMAS.fullmatch(c) else c for c in row]
        for row in rows
    ]


def csv_dicts(
    source: str | Iterable[str],
    where: Path_,
    kind: Kind = DataError,
    hint: str = "",
    **form: Any,
) -> Iterator[dict[str, str]]:
    """Rows of a CSV text by the names of its first line; a short row has empty cells, cells too many are refused.

    Blank lines are passed over, as `csv.DictReader` does.
    """
    return _by_name(csv_rows(source, where, kind, hint, **form), where, kind, hint)


def table_dicts(
    text: str, where: Path_, kind: Kind = DataError, hint: str = ""
) -> Iterator[dict[str, str]]:
    """Rows of a table as of `table_rows`, by the names of its first line as of `csv_dicts`."""
    return _by_name(iter(table_rows(text, where, kind, hint)), where, kind, hint)


def _by_name(
    rows: Iterator[list[str]], where: Path_, kind: Kind, hint: str
) -> Iterator[dict[str, str]]:
    head = next(rows, None)
    if head is None:
        return
    width = len(head)
    for row in rows:
        if not row:
            continue
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            raise _refused(
                where,
                _("a row has {n} cells, its first line {m}").format(n=len(row), m=width),
                kind,
                hint or _("cells with a comma are in quotes"),
            )
        yield dict(zip(head, row + [""] * (width - len(row)), strict=False))
