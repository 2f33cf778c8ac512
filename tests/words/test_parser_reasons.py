"""What a broken file makes a parser say is said in the reader's language; unknown words are quoted as the parser's own."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sqlite3
import tomllib
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from taotie.files.read import csv_rows, read_json, read_text, read_toml
from taotie.words.language import speaking
from taotie.words.reasons import reason

HAN = re.compile(r"[\u4e00-\u9fff]")
OWN_WORDS = re.compile(r"parser says|解析器原文")

JSON = ["", "{", '{"a":1,}', '{"a" 1}', "[1 2]", "{a:1}", '"abc', '{"a":tru}', '{"a":1}x', '"\x01"', '"\\q"', '"\\u12"', "[1,]"]  # fmt: skip
TOML = ["a=", "a=1\na=2", "[a]\n[a]", "a=b", 'a="x', "a 1", "= 1", "[a", "a=01", "a=[1 2", "a={x=1", "a=1 b=2", "a.b=1\na=2",
        'a="\\q"', "a=2024-13-01", "a='x", "\x00", 'a="x\x01"', 'a="\\ud800"', "a={x=1,x=2}", "a={x=1}\n[a.b]", "a=" + "9" * 5000]  # fmt: skip
CSV = ['a\n"x', '"a"b', "x" * 200_000]


def raised(call: Callable[[], object]) -> Exception:
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def both(error: Exception) -> None:
    with speaking("en"):
        english = reason(error)
    with speaking("zh"):
        chinese = reason(error)
    assert not OWN_WORDS.search(english), english
    assert HAN.search(chinese), chinese
    # what is left of Latin letters is what the file holds, or a name
    assert not re.search(r"(?<!['\"])\b(?!UTF|JSON|TOML|Parquet|DOUBLE|BIGINT|INT64|NUL|gzip|ok)[A-Za-z]{3,}", chinese), chinese  # fmt: skip


@pytest.mark.parametrize("text", JSON)
def test_worked_json(text: str) -> None:
    both(raised(lambda: json.loads(text)))


@pytest.mark.parametrize("text", TOML, ids=range(len(TOML)))
def test_worked_toml(text: str) -> None:
    both(raised(lambda: tomllib.loads(text)))


@pytest.mark.parametrize("text", CSV, ids=range(len(CSV)))
def test_worked_csv(text: str) -> None:
    both(raised(lambda: list(csv.reader(io.StringIO(text), strict=True))))


def test_worked_packed_files_text_and_numbers() -> None:
    packed = gzip.compress(b"a,b\n" * 1000)
    both(raised(lambda: gzip.decompress(b"plain")))
    both(raised(lambda: gzip.decompress(packed[:-12])))
    both(raised(lambda: gzip.decompress(packed[:-8] + b"\0" * 8)))
    both(raised(lambda: zlib.decompress(b"\xff" * 10)))
    both(raised(lambda: b"\xff".decode()))
    for text in ("x0",):
        with speaking("zh"):
            assert HAN.search(reason(raised(lambda text=text: float(text))))
            assert HAN.search(reason(raised(lambda text=text: int(text))))


def test_worked_parquet(tmp_path: Path) -> None:
    duckdb = pytest.importorskip(
        "duckdb", reason="Parquet files are in the extra `data`, which make test installs"
    )
    whole = tmp_path / "ok.parquet"
    with duckdb.connect() as base:
        base.execute(f"copy (select i, 'x' || i as s from range(1000) r(i)) to '{whole}' (format parquet)")  # fmt: skip
        raw = whole.read_bytes()
        for i, held in enumerate(
            (
                raw[: len(raw) // 2],
                b"",
                b"PAR1",
                raw[:50] + b"\xff" * 150 + raw[200:],
                raw[:-8] + b"\xff\xff\xff\x7f" + raw[-4:],
                raw[:-40] + b"\xff" * 32 + raw[-8:],
            )
        ):
            path = tmp_path / f"ok{i}.parquet"
            path.write_bytes(held)
            both(raised(lambda path=path: base.execute(f"select * from '{path}'").fetchall()))
        for query in (
            "select 'x1'::double",
            "select cast(1e300 as bigint)",
            "select cast('x' as timestamp)",
        ):
            both(raised(lambda query=query: base.execute(query).fetchall()))
        (tmp_path / "r.csv").write_text("a,b\n1,2\n3\n", "utf-8")
        form = "header=true, auto_detect=false, columns={'a': 'BIGINT', 'b': 'BIGINT'}, delim=','"
        short = raised(
            lambda: base.execute(f"select * from read_csv('{tmp_path}/r.csv', {form})").fetchall()
        )
        both(short)
        assert reason(short) == "line 3: a row has 1 cells, not 2"


def test_worked_unknown_words_are_marked_as_the_parsers_own() -> None:
    error = sqlite3.OperationalError("gone fishing")
    assert reason(error) == 'the parser says: "gone fishing"'
    with speaking("zh"):
        assert reason(error) == "解析器原文：“gone fishing”"


def test_worked_a_reader_says_the_place_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("a = 1\nb = 2\na = 3\n", "utf-8")
    with speaking("zh"):
        chinese = str(raised(lambda: read_toml(path)))
    assert "第 3 行" in chinese
    assert "Cannot" not in chinese
    path.write_text('{"a": 1,\n "b" 2}', "utf-8")
    assert "line 2, column 6: a colon is missing after a name" in str(
        raised(lambda: read_json(path))
    )
    path.write_text("a.b=1\n" + "c=" + "[" * 300 + "]" * 300, "utf-8")
    assert "parser says" not in str(raised(lambda: read_toml(path)))
    path.write_bytes(b"a,b\n1,\xff\n")
    with speaking("zh"):
        assert HAN.search(str(raised(lambda: read_text(path))).replace(str(path), ""))
    assert "quotation mark" in str(raised(lambda: list(csv_rows('a\n"x', path, strict=True))))
