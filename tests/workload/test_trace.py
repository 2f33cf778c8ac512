"""Request logs: what is read, what is treated and said, what is refused and how."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import MissingExtraError, TaotieError, TraceError, UnknownNameError
from taotie.workload.requests import Requests
from taotie.workload.trace import published_trace, read_trace

AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
ROWS = (
    "2023-11-16 18:15:46.6805900,374,44\n"
    "2023-11-16 18:15:50.9951690,396,109\n"
    "2023-11-16 18:15:51.2224670,879,55\n"
)
MOONCAKE = (
    '{"timestamp": 27000, "input_length": 6758, "output_length": 500, "hash_ids": [46, 47]}\n'
)


def write(folder: Path, content: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes, name: str = "log.csv", **more: Any) -> Requests:
    return read_trace(write(folder, content, name), **more)


# ------------------------------------------------------------------ what is read


def test_worked_azure_layout(tmp_path: Path) -> None:
    got = read(tmp_path, AZURE + ROWS)
    np.testing.assert_allclose(got.t_s, [0.0, 4.314579, 4.541877], atol=1e-7)
    assert got.prompt_tokens.tolist() == [374, 396, 879]
    assert got.output_tokens.tolist() == [44, 109, 55]
    assert got.notes == ()
    assert got.name == "log.csv"
    assert got.start_h == pytest.approx(18 + 15 / 60 + 46.68059 / 3600)


def test_worked_mooncake_layout(tmp_path: Path) -> None:
    second = MOONCAKE.replace("27000", "30500").replace("[46, 47]", "[46]")
    got = read(tmp_path, MOONCAKE + second, "log.jsonl")
    assert got.t_s.tolist() == [0.0, 3.5]
    assert got.start_h is None
    assert got.hash_ids is not None
    assert [got.hash_ids.of(i).tolist() for i in range(2)] == [[46, 47], [46]]


@pytest.mark.parametrize(
    ("header", "t"),
    [
        ("t_s,prompt_tokens,output_tokens", [0.0, 1.5]),
        ("t_ms,input_tokens,output_tokens", [0.0, 0.0015]),
        ("Timestamp,Request tokens,Response tokens", [0.0, 1.5]),
        ("arrived_at,num_prefill_tokens,num_decode_tokens", [0.0, 1.5]),
    ],
)
def test_worked_plain_columns_by_other_names(tmp_path: Path, header: str, t: list[float]) -> None:
    got = read(tmp_path, f"{header}\n2.0,10,5\n3.5,20,6\n")
    np.testing.assert_allclose(got.t_s, t, atol=1e-12)
    assert got.prompt_tokens.tolist() == [10, 20]


def test_worked_columns_in_any_order_with_others_between(tmp_path: Path) -> None:
    text = "Model,Response tokens,x,Timestamp,Request tokens\nm,5,y,2,10\n"
    got = read(tmp_path, text)
    assert (got.prompt_tokens[0], got.output_tokens[0]) == (10, 5)
    assert any("not used: x" in note for note in got.notes)


def test_worked_offsets_from_utc(tmp_path: Path) -> None:
    rows = (
        "2024-05-10 00:00:00.5+00:00,1,1\n2024-05-10T02:00:01.5+02:00,1,1\n2024-05-10 00:00:02.5Z,1,1\n"
        "2024-05-09 19:30:03.5-0430,1,1\n"
    )
    assert read(tmp_path, AZURE + rows).t_s.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_worked_parquet_times_as_numbers_dates_and_text(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="Parquet logs are in the extra `data`")
    for kind, values in {
        "timestamp": "timestamp '2024-01-01 00:00:00.25'",
        "timestamp_ns": "timestamp_ns '2024-01-01 00:00:00.25'",
        "zone": "timestamptz '2024-01-01 01:00:00.25+01:00'",
        "varchar": "'2024-01-01 00:00:00.25'",
        "offset": "'2024-01-01 02:00:00.25+02:00'",
        "zulu": "'2024-01-01T00:00:00.25Z'",
    }.items():
        path = tmp_path / f"{kind}.parquet"
        later = values.replace("00.25", "07.75")
        duckdb.sql(
            f"copy (select * from (values ({values}, 3, 4), ({later}, 5, 6)) "
            f"v(TIMESTAMP, ContextTokens, GeneratedTokens)) to '{path}'"
        )
        got = read_trace(path)
        np.testing.assert_allclose(got.t_s, [0.0, 7.5], atol=1e-9)
        assert got.start_h == pytest.approx(0.25 / 3600)
        assert got.output_tokens.tolist() == [4, 6]


def test_matches_the_published_traces(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publisher's file and our Parquet copy of it give the same requests."""
    pytest.importorskip("duckdb", reason="Parquet logs are in the extra `data`")
    monkeypatch.setenv("TAOTIE_DATA", str(shared_data / "upstream"))
    for name, copy, n in (
        ("azure-2023-conv", "azure_llm_2023_conv.parquet", 19_366),
        ("mooncake-2025-conv", "mooncake_fast25_conversation.parquet", 12_031),
    ):
        ours = published_trace(name)
        assert ours is not None
        theirs = read_trace(shared_data / "traces" / copy)
        assert len(ours) == len(theirs) == n
        np.testing.assert_allclose(ours.t_s, theirs.t_s, atol=1e-6)
        np.testing.assert_array_equal(ours.prompt_tokens, theirs.prompt_tokens)
        np.testing.assert_array_equal(ours.output_tokens, theirs.output_tokens)
        if ours.hash_ids is not None:
            assert theirs.hash_ids is not None
            np.testing.assert_array_equal(ours.hash_ids.ids, theirs.hash_ids.ids)
            np.testing.assert_array_equal(ours.hash_ids.starts, theirs.hash_ids.starts)
        assert "20" in ours.source
        assert ours.notes == ()


def test_published_azure_means(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(shared_data / "upstream"))
    trace = published_trace("azure-2023-conv")
    assert trace is not None
    assert trace.moments.mean_prompt == pytest.approx(1155, abs=0.5)
    assert trace.moments.mean_output == pytest.approx(211, abs=0.5)
    assert np.median(trace.prompt_tokens) == 1020
    assert (trace.prompt_tokens.max(), trace.output_tokens.max()) == (14050, 1000)


def test_worked_a_trace_never_fetched_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    assert published_trace("azure-2023-conv") is None
    with pytest.raises(UnknownNameError, match="azure-2023-conv"):
        published_trace("azure-2032-conv")


# ------------------------------------------------------------------ what is treated, and said


def test_worked_unsorted_rows_are_sorted_and_told(tmp_path: Path) -> None:
    lines = ROWS.splitlines(keepends=True)
    got = read(tmp_path, AZURE + lines[2] + lines[0] + lines[1])
    assert got.prompt_tokens.tolist() == [374, 396, 879]
    assert got.t_s[0] == 0.0
    assert got.start_h == pytest.approx(18.2629668, abs=1e-6)
    assert "1 requests came before the one above" in got.notes[0]


def test_worked_unsorted_blocks_follow_their_request(tmp_path: Path) -> None:
    early = MOONCAKE.replace("27000", "1").replace("[46, 47]", "[1, 2, 3]")
    got = read(tmp_path, MOONCAKE + early, "log.jsonl")
    assert got.hash_ids is not None
    assert got.hash_ids.of(0).tolist() == [1, 2, 3]
    assert got.hash_ids.of(1).tolist() == [46, 47]


def test_worked_empty_requests_are_left_out_and_told(tmp_path: Path) -> None:
    text = "t_s,prompt_tokens,output_tokens\n1,10,0\n2,0,5\n3,7,8\n"
    got = read(tmp_path, text)
    assert got.prompt_tokens.tolist() == [7]
    assert got.t_s.tolist() == [0.0]
    assert got.notes == ("2 requests without prompt or answer left out",)
    with pytest.raises(TraceError, match=r"line 2, column output_tokens: 0 is an empty request"):
        read(tmp_path, text, zero_length="error")


def test_worked_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    got = read(tmp_path, b"\xef\xbb\xbf" + (AZURE + "\n" + ROWS + "\n\n").encode())
    assert len(got) == 3
    assert got.notes == ("3 blank lines skipped",)


def test_worked_a_missing_last_line_end_is_told(tmp_path: Path) -> None:
    assert read(tmp_path, (AZURE + ROWS).rstrip("\n")).notes == (
        "the last line has no line end: it may be cut off",
    )


def test_worked_windows_line_ends_and_quotes(tmp_path: Path) -> None:
    text = (AZURE + ROWS).replace("\n", "\r\n").replace("374", '"374"')
    assert read(tmp_path, text).prompt_tokens.tolist() == [374, 396, 879]


# ------------------------------------------------------------------ what is refused, and how


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "log.csv is empty"),
        ("\n\n", "log.csv is empty"),
        (AZURE, "holds no request"),
        (AZURE + "2023-11-16 18:15:46,374\n", "line 2: 2 columns where the header has 3"),
        (AZURE + ROWS + "2023-11-16 18:1", "line 5: 1 columns where the header has 3"),
        ("time,ContextTokens\n1,2\n", r"no column output_tokens"),
        ("a;b;c\n1;2;3\n", "no column t_s.*prompt_tokens.*output_tokens"),
        (AZURE + "2023-11-16 18:15:46,-3,4\n", r"line 2, column ContextTokens: -3\.0 is negative"),
        (AZURE + "2023-11-16 18:15:46,nan,4\n", "column ContextTokens: nan is not a finite"),
        (AZURE + "2023-11-16 18:15:46,inf,4\n", "column ContextTokens: inf is not a finite"),
        (AZURE + "2023-11-16 18:15:46,3.5,4\n", r"column ContextTokens: 3\.5 is not a whole"),
        (AZURE + "2023-11-16 18:15:46,1e12,4\n", "is more tokens than any request has"),
        (AZURE + "2023-11-16 18:15:46,,4\n", "column ContextTokens: '' is missing"),
        (AZURE + "2023-11-16 18:15:46,ten,4\n", "column ContextTokens: 'ten' is not a number"),
        (AZURE + ROWS + "yesterday,3,4\n", "line 5, column TIMESTAMP: 'yesterday' is not a date"),
        (AZURE + ROWS + "2023-13-40 00:00:00,3,4\n", "line 5, column TIMESTAMP"),
        (AZURE + ROWS + "NaT,3,4\n", "column TIMESTAMP: 'NaT' is not a date"),
        (AZURE + ROWS + "9999-01-01 00:00:00,3,4\n", "column TIMESTAMP: '9999"),
        ("t_s,prompt_tokens,output_tokens\n-1,3,4\n", r"column t_s: -1\.0 is negative"),
        ("t_s,prompt_tokens,output_tokens\ninf,3,4\n", "column t_s: inf is not a finite"),
        ("t_s,time,prompt_tokens,output_tokens\n1,2,3,4\n", "both look like"),
        (b"TIMESTAMP,ContextTokens,GeneratedTokens\n\xff\xfe,1,2\n", "not UTF-8 text: byte 0xff"),
        ((AZURE + ROWS).encode("utf-16"), "not UTF-8"),
        (AZURE + '"2023-11-16 18:15:46,3,4\n', "after row 0: unexpected end of data"),
        ("t_s,prompt_tokens,output_tokens\n1,0,0\n", "every request in it is empty"),
        (AZURE + '"' + "x" * 200_000 + '",1,1\n', "field larger than field limit"),
    ],
)
def test_error_csv(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(TraceError, match=message) as caught:
        read(tmp_path, content)
    assert "log.csv" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "holds no request"),
        ("[1, 2]\n", "line 1 is not a JSON object"),
        (MOONCAKE + MOONCAKE[:40], "line 2 is not JSON"),
        ('{"timestamp": 1, "input_length": 5}\n', "line 1 has no key output_length"),
        (MOONCAKE.replace("6758", '"67x8"'), "column input_length: '67x8' is not a number"),
        (MOONCAKE.replace("6758", "true"), "column input_length: True is not a number"),
        (MOONCAKE.replace("6758", "NaN"), "column input_length: nan is not a finite number"),
        (MOONCAKE.replace("6758", "1" + "0" * 400), "line 1 is not JSON: a number of 401 digits"),
        (MOONCAKE.replace("6758", "1" * 5000), "line 1 is not JSON"),
        (MOONCAKE.replace("27000", "-1"), "column timestamp: -1.0 is negative"),
        (MOONCAKE.replace("[46, 47]", "[46, 1.5]"), "column hash_ids.*not a list of whole numbers"),
        (MOONCAKE.replace("[46, 47]", f"[{2**64}]"), "column hash_ids"),
        ("[" * 100_000 + "\n", "line 1 is not JSON"),
        (b"\xff\n", "not UTF-8"),
    ],
)
def test_error_json_lines(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(TraceError, match=message) as caught:
        read(tmp_path, content, "log.jsonl")
    assert "log.jsonl" in caught.value.message
    assert caught.value.hint


def test_error_parquet(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="Parquet logs are in the extra `data`")
    with pytest.raises(TraceError, match="cannot be read as Parquet"):
        read(tmp_path, b"PAR1 and then nothing", "log.parquet")
    for select, message in (
        ("1.0 as t_s, 3 as prompt_tokens", "no column output_tokens"),
        (
            "1.0 as t_s, null::int as prompt_tokens, 4 as output_tokens",
            "prompt_tokens: '' is missing",
        ),
        (
            "'nan'::double as t_s, 3 as prompt_tokens, 4 as output_tokens",
            "t_s: nan is not a finite",
        ),
        ("'x' as t_s, 3 as prompt_tokens, 4 as output_tokens", "cannot be read as Parquet"),
        ("1 as t_s, -3 as prompt_tokens, 4 as output_tokens", "prompt_tokens: -3.0 is negative"),
        ("1 as t_s, 3 as prompt_tokens, 4 as output_tokens, 'a' as hash_ids", "hash_ids"),
        ("1 as t_s, 3 as prompt_tokens, 4 as output_tokens where false", "holds no request"),
    ):
        duckdb.sql(f"copy (select {select}) to '{tmp_path / 'log.parquet'}'")
        with pytest.raises(TraceError, match=message):
            read_trace(tmp_path / "log.parquet")
    duckdb.sql(
        "copy (select i as t_s, 3 as prompt_tokens, 4 as output_tokens from range(2) r(i)) "
        f"to '{tmp_path / 'log.parquet'}'"
    )
    with pytest.raises(TraceError, match="more than 1 requests"):
        read_trace(tmp_path / "log.parquet", max_requests=1)


def test_error_a_ten_gigabyte_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as stream:
        stream.truncate(10 * 10**9)  # declared, not filled
    with pytest.raises(TraceError, match=r"huge\.csv has 10\.0 GB, above the limit of 4\.0 GB"):
        read_trace(path)


def test_error_too_many_requests_and_too_long_a_line(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="more than 2 requests"):
        read(tmp_path, AZURE + ROWS, max_requests=2)
    with pytest.raises(TraceError, match="line 1 is longer than"):
        read(tmp_path, "x" * (17 * 2**20), "log.jsonl")


def test_error_wrong_places(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="cannot be read: No such file"):
        read_trace(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(TraceError, match="it is a folder"):
        read_trace(tmp_path / "folder.csv")
    with pytest.raises(TraceError, match="it is not packed with gzip"):
        read_trace(write(tmp_path, b"x", "log.csv.gz"))
    with pytest.raises(TraceError, match="a ZIP archive or spreadsheet, not a request log"):
        read_trace(write(tmp_path, b"PK\3\4", "log.xlsx"))
    with pytest.raises(TraceError, match="cannot be read"):
        read_trace("nul\0byte.csv")
    with pytest.raises(TraceError, match=r"must not contain any of \* \? \[ \]"):
        read_trace(write(tmp_path, b"x", "log[1].parquet"))


# ------------------------------------------------------------------ properties and fuzzing

rows = st.lists(
    st.tuples(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 10**6)),
    min_size=1,
    max_size=40,
)


@given(rows=rows)
def test_property_csv_and_json_lines_agree(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    text = "t_ms,prompt_tokens,output_tokens\n" + "".join(f"{t},{p},{o}\n" for t, p, o in rows)
    lines = "".join(
        json.dumps({"timestamp": t, "input_length": p, "output_length": o}) + "\n"
        for t, p, o in rows
    )
    a = read(folder, text, time_unit="ms")
    b = read(folder, lines, "log.jsonl", time_unit="ms")
    np.testing.assert_array_equal(a.t_s, b.t_s)
    np.testing.assert_array_equal(a.prompt_tokens, b.prompt_tokens)
    assert a.moments == b.moments
    assert len(a) == len(rows)
    assert a.t_s[0] == 0.0
    assert (np.diff(a.t_s) >= 0).all()


@given(order=st.permutations(range(8)))
def test_property_the_order_of_lines_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("t")
    lines = [f"{i * 1.25},{i + 10},{i + 1}\n" for i in range(8)]
    head = "t_s,prompt_tokens,output_tokens\n"
    got = read(folder, head + "".join(lines[i] for i in order))
    assert got.prompt_tokens.tolist() == list(range(10, 18))


@given(
    name=st.sampled_from(["log.csv", "log.jsonl", "log.parquet"]),
    start=st.sampled_from(
        [b"", AZURE.encode(), (AZURE + ROWS).encode(), MOONCAKE.encode(), b"PAR1"]
    ),
    junk=st.one_of(
        st.binary(max_size=200), st.text(max_size=200).map(lambda s: s.encode("utf-8", "replace"))
    ),
)
def test_property_any_bytes_give_requests_or_a_trace_error(
    tmp_path_factory: pytest.TempPathFactory, name: str, start: bytes, junk: bytes
) -> None:
    path = write(tmp_path_factory.mktemp("t"), start + junk, name)
    try:
        got = read_trace(path)
    except TaotieError as error:
        message = error.message
    else:
        message = name
        assert (got.prompt_tokens >= 1).all()
    assert name in message


cell = st.one_of(
    st.integers(-5, 10**7).map(str),
    st.floats().map(str),
    st.sampled_from(
        [
            "",
            " 7 ",
            "1_000",
            "0x10",
            "NaN",
            "-0",
            "1e3",
            "²",
            "2023-11-16 18:15:46",
            "24:00",
            "T",
            "-",
        ]
    ),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters=',\r\n"'), max_size=6),
)


@given(table=st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=6))
def test_property_any_cells_give_requests_or_name_the_line(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, str]]
) -> None:
    text = AZURE + "".join(",".join(row) + "\n" for row in table)
    path = write(tmp_path_factory.mktemp("t"), text)
    try:
        got = read_trace(path)
    except TraceError as error:
        message = error.message
    else:
        message = "line, none wrong"
        assert np.isfinite(got.t_s).all()
        assert len(got) <= len(table)
    assert "line" in message or any(
        x in message for x in ("every request in it is empty", "unit of time")
    )


@given(cut=st.integers(0, 400))
def test_property_a_file_cut_anywhere_never_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    whole = (MOONCAKE * 3).encode()
    path = write(tmp_path_factory.mktemp("t"), whole[:cut], "log.jsonl")
    try:
        got = len(read_trace(path))
    except TraceError:
        got = 0
    assert got <= 3


def test_worked_notes_are_said_in_the_language_in_force(tmp_path: Path) -> None:
    got = read(tmp_path, AZURE + "\n" + ROWS)
    assert [one.code for one in got.said] == ["blank_lines"]
    assert got.said[0].text("en") == got.notes[0] == "1 blank lines skipped"


def test_worked_prefix_blocks_in_csv_are_not_read_and_told(tmp_path: Path) -> None:
    got = read(tmp_path, 't_ms,input_length,output_length,hash_ids\n0,5,3,"[1, 2]"\n')
    assert got.hash_ids is None
    assert [one.code for one in got.said] == ["hash_ids_ignored"]


def test_worked_text_formats_need_no_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert len(read(tmp_path, AZURE + ROWS)) == 3
    assert len(read(tmp_path, MOONCAKE, "log.jsonl")) == 1
    with pytest.raises(MissingExtraError, match=r"taotie\[data\]"):
        read(tmp_path, b"PAR1", "log.parquet")


def test_worked_times_without_a_known_unit_are_told_to_be_seconds(tmp_path: Path) -> None:
    got = read(tmp_path, "timestamp,prompt_tokens,output_tokens\n0,5,6\n3,5,6\n")
    assert got.t_s.tolist() == [0.0, 3.0]
    assert any("read as seconds" in note for note in got.notes)


def test_worked_thousands_are_ungrouped_and_told(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text('timestamp,prompt_tokens,completion_tokens\n1,"3,103",7\n2,"12,345,678",1\n')
    read = read_trace(path)
    assert read.prompt_tokens.tolist() == [3103, 12345678]
    assert "thousands_grouped" in {s.code for s in read.said}
    path.write_text('timestamp,prompt_tokens,completion_tokens\n1,"31,03",7\n')
    with pytest.raises(TraceError, match="a point for the decimals"):
        read_trace(path)
    path.write_text("timestamp,prompt_tokens,completion_tokens\n11/30/2025 10:53:20 AM,3,7\n")
    with pytest.raises(TraceError, match="write dates as 2026-03-01T12:00:00Z"):
        read_trace(path)


def test_worked_minutes_and_hours_by_name_once_asked_for(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("minute,prompt_tokens,completion_tokens\n0.5,3,7\n2.5,3,7\n")
    assert read_trace(path, columns={"t": "minute"}).t_s.tolist() == [0.0, 120.0]
    # a date under such a name is a date
    path.write_text("hour,prompt_tokens,completion_tokens\n1764500000,3,7\n1764503600,3,7\n")
    read = read_trace(path, columns={"t": "hour"})
    assert (read.t_s[1] - read.t_s[0]) == 3600.0
