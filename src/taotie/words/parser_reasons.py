"""Why did a parser stop? What the readers of JSON, TOML, CSV, text, Parquet and packed files say, as a sentence of ours.

They speak English and name things as programs do. What a broken file really makes them say is in the table below; any
other words are kept as they came, in quotation marks, and said to be the parser's own.
"""

from __future__ import annotations

from taotie.words import patterns as re
from taotie.words.language import N_, _

__all__ = ["parser_reason"]

_JSON = "JSONDecodeError"
_TOML = "TOMLDecodeError"
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")

_SAID: dict[str, tuple[tuple[str, str], ...]] = {
    _JSON: (
        (r"Expecting value", N_("a value is missing, or is none of JSON")),
        (r"Expecting property name", N_("a name in double quotes is missing")),
        (r"Expecting ':' delimiter", N_("a colon is missing after a name")),
        (r"Expecting ',' delimiter", N_("a comma is missing")),
        (r"Unterminated string", N_("a text is not closed by a quotation mark")),
        (r"Invalid control character", N_("a text holds a line break or another control character")),
        (r"Invalid \\", N_("a text holds a backslash with a character that may not follow it")),
        (r"Extra data", N_("something follows after the end")),
        (r"Illegal trailing comma", N_("a comma stands before the closing bracket")),
        (r"Unexpected UTF-8 BOM", N_("it begins with a byte-order mark")),
    ),
    _TOML: (
        (r"Cannot overwrite a value", N_("a key or a table stands there twice")),
        (r"Cannot declare \((?P<name>.*)\) twice", N_("the table {name} stands there twice")),
        (r"Cannot mutate immutable namespace|Cannot redefine", N_("a table that is closed is added to")),
        (r"Duplicate inline table key '?(?P<name>.*?)'?$", N_("the key {name} stands there twice")),
        (r"Invalid value", N_("a value is missing, or is none of TOML: texts are in quotes")),
        (r"Invalid date or datetime", N_("there is no such date")),
        (r"Unterminated string|Expected \"'", N_("a text is not closed by a quotation mark")),
        (r"Expected '=' after a key", N_("an equals sign is missing after a key")),
        (r"Invalid statement|Invalid initial character", N_("a line begins with what is no key")),
        (r"Expected '\]+' at the end of a table", N_("a closing bracket is missing after the name of a table")),
        (r"Expected newline or end of document", N_("something follows after a value on its line")),
        (r"Unclosed (?:array|inline table)", N_("a comma or a closing bracket is missing")),
        (r"Unescaped '", N_("a text holds a backslash with a character that may not follow it")),
        (r"Illegal character", N_("there is a control character")),
        (r"Escaped character is not|Invalid hex value", N_("a text names a character that does not exist")),
    ),
    "csv.Error": (
        (r"unexpected end of data", N_("unexpected end of data: a quotation mark is not closed")),
        (r"field larger than field limit \((?P<n>\d+)\)", N_("field larger than field limit: a cell of more than {n} characters")),
        (r"line contains NUL", N_("there is a NUL character: no text")),
        (r"new-line character seen", N_("a line break stands within a cell without quotes")),
        (r"'.' expected after", N_("something follows a closing quotation mark within a cell")),
    ),
    "duckdb": (
        (r"No magic bytes found", N_("it is no Parquet file, or its end is missing")),
        (r"too small to be a Parquet file", N_("it is too short to be a Parquet file")),
        (r"Footer length error|don't know what type|TProtocolException|Invalid thrift", N_("the table of contents at its end is damaged")),
        (r"(?:Snappy|ZSTD|GZIP|LZ4|Brotli)?.{0,20}[Dd]ecompression failure", N_("a part of it is damaged and cannot be unpacked")),
        (r"No files found that match", N_("there is no such file")),
        (r"Referenced column \"(?P<name>.*?)\" not found", N_("it has no column {name}")),
        (r"Expected Number of Columns: (?P<n>\d+) Found: (?P<m>\d+)", N_("a row has {m} cells, not {n}")),
        (r"unterminated quote", N_("a quotation mark is not closed")),
        (r"(?:Invalid unicode|not utf-8 encoded|Invalid UTF)", N_("it is not UTF-8 text")),
        (r"[Cc]ould not convert string ['\"](?P<what>.*?)['\"] to '?(?P<kind>\w+)", N_("{what} is no value of the kind {kind}")),
        (r"invalid (?:timestamp|date) field format: \"(?P<what>.*?)\"", N_("{what} is no time")),
        (r"value is out of range|out of range for the destination", N_("a number is too large for its column")),
        (r"[Mm]alformed JSON", N_("a row is not JSON")),
        (r"Out of Memory|could not allocate", N_("the memory does not suffice")),
        (r"not a valid DuckDB database", N_("it is no database of this kind")),
    ),
    "UnicodeDecodeError": ((r".", N_("it is not UTF-8 text")),),
    "gzip": (
        (r"Not a gzipped file", N_("it is not packed with gzip")),
        (r"CRC check failed|incorrect (?:data|length) check", N_("it is damaged: its check sum does not fit")),
        (r"Compressed file ended before|incomplete or truncated", N_("it is cut off: its end is missing")),
        (r"invalid (?:block|stored block|distance|literal|code|bit length)|invalid (?:stored|window)|Error -\d", N_("it is damaged and cannot be unpacked")),
    ),
    "sqlite3": (
        (r"not a database", N_("it is no database of this kind")),
        (r"malformed", N_("the database is damaged")),
        (r"no such table: (?P<name>\S+)", N_("it has no table {name}")),
        (r"no such column: (?P<name>\S+)", N_("it has no column {name}")),
        (r"database is locked", N_("another program is writing to it")),
        (r"readonly database", N_("it may not be written to")),
        (r"disk is full", N_("the disk is full")),
        (r"unable to open database", N_("it cannot be opened")),
        (r"disk I/O error", N_("the disk gave an error")),
    ),
    "ValueError": (
        (r"could not convert string to float: (?P<what>.*)", N_("{what} is no number")),
        (r"invalid literal for int\(\) with base 10: (?P<what>.*)", N_("{what} is no whole number")),
        (r"Invalid isoformat string: (?P<what>.*)", N_("{what} is no date or time")),
        (r"Exceeds the limit \(\d+ digits\)", N_("a whole number has thousands of digits")),
        (r"time data (?P<what>'.*?') does not match", N_("{what} is no date or time")),
    ),
}  # fmt: skip
"""By parser: what its words look like, and the sentence in their place."""
_MADE = {
    owner: tuple((re.compile(pattern), said) for pattern, said in rows)
    for owner, rows in _SAID.items()
}


def _owner(error: BaseException) -> str:
    kind = type(error)
    if kind.__name__ in (_JSON, _TOML, "UnicodeDecodeError"):
        return kind.__name__
    if kind.__module__ == "_csv":
        return "csv.Error"
    if kind.__module__.partition(".")[0] in ("duckdb", "_duckdb"):
        return "duckdb"
    if kind.__module__.partition(".")[0] in ("gzip", "zlib", "zipfile") or kind is EOFError:
        return "gzip"
    if kind.__module__.partition(".")[0] == "sqlite3":
        return "sqlite3"
    return "ValueError" if kind is ValueError else ""


def parser_reason(error: BaseException) -> str | None:
    """Why a parser stopped, with line and column where it says them; None where the error is no parser's.

    Examples
    --------
    >>> import json
    >>> try:
    ...     json.loads('{"a": 1,}')
    ... except ValueError as error:
    ...     print(parser_reason(error))
    line 1, column 9: a name in double quotes is missing
    """
    owner = _owner(error)
    if not owner:
        return None
    words = str(error)
    line, column = getattr(error, "lineno", None), getattr(error, "colno", None)
    if owner == _JSON:
        words = str(getattr(error, "msg", words))
    elif owner == _TOML:
        at = _PLACE.search(words)
        if at is not None:
            line, column = at["line"], at["column"]
            words = words[: at.start()]
    elif owner == "duckdb":
        at = re.search(r"CSV Error on Line: (\d+)", words)
        line = None if at is None else at[1]
    for pattern, said in _MADE[owner]:
        found = pattern.search(words)
        if found is not None:
            what = _(said).format(**{k: (v or "")[:60] for k, v in found.groupdict().items()})
            break
    else:
        if owner == "ValueError":
            return None  # most are our own, in the reader's language
        what = _('the parser says: "{words}"').format(words=words.strip().partition("\n")[0][:200])
    if line is not None and column is not None:
        return _("line {line}, column {column}: {what}").format(line=line, column=column, what=what)
    if line is not None:
        return _("line {n}: {what}").format(n=line, what=what)
    if owner == _TOML and words != str(error):
        return _("at the end of the file: {what}").format(what=what)
    return what
