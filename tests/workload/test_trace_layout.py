"""Published layouts are recognised by their columns, told, and can be asked for by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import TaotieError, TraceError, UnknownNameError
from taotie.workload.requests import Requests
from taotie.workload.trace import OWN_COPY_TRACES, own_copy, read_trace
from taotie.workload.trace_layout import LAYOUTS, columns_of

# the published headers, and rows made up in their layout
AZURE_2023 = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n"
AZURE_2024 = (
    "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    "2024-05-10 00:00:00.009930+00:00,2162,5\n2024-05-10 00:00:00.017335+00:00,2399,6\n"
    "2024-05-10 00:00:01+00:00,76,15\n"  # whole seconds come without a fraction
)
BURST_1 = (
    "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    "5,ChatGPT,472,18,490,Conversation log\n45,ChatGPT,1087,230,1317,Conversation log\n"
    "118,GPT-4,417,276,693,API log\n120,GPT-4,417,0,417,API log\n"
)
BURST_3 = (
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    "19440110.0,1722ac82-aaaa,43,GPT-4,906,446,1352,Conversation log\n"
    "19440161.0,d5983bf9-bbbb,2,ChatGPT,36,29,65,Conversation log\n"
    "19440200.0,,2,ChatGPT,50,9,59,API log\n"
    "19440300.0,1722ac82-aaaa,8,GPT-4,1400,100,1500,Conversation log\n"
)
BAILIAN = (
    '{"chat_id": 159, "parent_chat_id": -1, "timestamp": 61.0, "input_length": 32, '
    '"output_length": 10, "type": "text", "turn": 1, "hash_ids": [1, 2]}\n'
    '{"chat_id": 7, "parent_chat_id": 159, "timestamp": 91.5, "input_length": 64, '
    '"output_length": 12, "type": "text", "turn": 2, "hash_ids": [1, 2, 3, 4]}\n'
    '{"chat_id": 8, "parent_chat_id": -1, "timestamp": 92.5, "input_length": 5, '
    '"output_length": 1, "type": "text", "turn": 1, "hash_ids": [9]}\n'
)


def read(folder: Path, content: str, name: str = "log.csv", **more: Any) -> Requests:
    path = folder / name
    path.write_text(content)
    return read_trace(path, **more)


def said(got: Requests) -> str:
    assert got.layout is not None
    return got.layout.text("en")


def test_worked_azure_2023_and_2024(tmp_path: Path) -> None:
    assert said(read(tmp_path, AZURE_2023)) == (
        "read as azure: time from TIMESTAMP, prompt from ContextTokens, answer from GeneratedTokens"
    )
    got = read(tmp_path, AZURE_2024, layout="azure")
    np.testing.assert_allclose(got.t_s, [0, 0.007405, 0.99007], atol=1e-9)
    assert got.start_h == pytest.approx(0.00993 / 3600)
    assert got.notes == ()


def test_worked_burstgpt_first_files(tmp_path: Path) -> None:
    got = read(tmp_path, BURST_1)
    assert "burstgpt" in said(got)
    assert got.t_s.tolist() == [0, 40, 113]
    assert got.session is None
    assert got.start_h == pytest.approx(5 / 3600)  # seconds from midnight of the first day
    assert got.notes == ("1 requests without prompt or answer left out",)


def test_worked_burstgpt_sessions_and_choice_of_rows(tmp_path: Path) -> None:
    got = read(tmp_path, BURST_3)
    assert got.session is not None
    assert got.session.tolist() == [0, 1, -1, 0]
    assert got.notes == ()
    assert got.start_h == pytest.approx(110 / 3600)  # 19440110 s are 225 days and 110 s
    chats = read(tmp_path, BURST_3, only={"Log Type": "Conversation log", "Model": "GPT-4"})
    assert chats.prompt_tokens.tolist() == [906, 1400]
    assert chats.session is not None
    assert chats.session.tolist() == [0, 0]
    assert chats.notes == ("2 other rows left out",)


def test_matches_burstgpt_in_parquet(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="Parquet logs are in the extra `data`")
    (tmp_path / "b.csv").write_text(BURST_3)
    duckdb.sql(f"copy (from read_csv('{tmp_path}/b.csv')) to '{tmp_path}/b.parquet'")
    for only in (None, {"Log Type": "API log"}, {"Model": "GPT-4"}):
        a, b = (
            read_trace(tmp_path / "b.csv", only=only),
            read_trace(tmp_path / "b.parquet", only=only),
        )
        assert a.t_s.tolist() == b.t_s.tolist()
        assert a.prompt_tokens.tolist() == b.prompt_tokens.tolist()
        assert (a.session is None) == (b.session is None)
        if a.session is not None and b.session is not None:
            assert a.session.tolist() == b.session.tolist()
        assert a.notes == b.notes
        assert a.start_h == b.start_h
    with pytest.raises(UnknownNameError, match="Kind"):
        read_trace(tmp_path / "b.parquet", only={"Kind": "API log"})
    with pytest.raises(TraceError, match="none of 4 rows has Model = GPT-5"):
        read_trace(tmp_path / "b.parquet", only={"Model": "GPT-5"})


def test_worked_bailian_counts_seconds_and_chains_chats(tmp_path: Path) -> None:
    got = read(tmp_path, BAILIAN, "log.jsonl")
    assert "bailian" in said(got)
    assert got.t_s.tolist() == [0, 30.5, 31.5]
    assert got.session is not None
    assert got.session[0] == got.session[1] != got.session[2]
    assert got.hash_ids is not None
    assert got.hash_ids.block_tokens == 16
    assert "16 tokens" in got.notes[0]


def test_worked_plain_json_lines(tmp_path: Path) -> None:
    got = read(
        tmp_path,
        '{"t_s": 1, "prompt_tokens": 5, "output_tokens": 6, "session_id": "a"}\n'
        '{"t_s": 3, "prompt_tokens": 7, "output_tokens": 8, "session_id": null}\n',
        "log.jsonl",
    )
    assert "plain" in said(got)
    assert got.t_s.tolist() == [0, 2]
    assert got.session is not None
    assert got.session.tolist() == [0, -1]


def test_worked_unknown_columns_are_told_or_refused(tmp_path: Path) -> None:
    text = "t_s,prompt_tokens,output_tokens,colour,taste\n1,2,3,red,sweet\n"
    assert read(tmp_path, text).notes == ("columns no layout knows, not used: colour, taste",)
    with pytest.raises(
        TraceError, match="colour, taste are columns that no known layout"
    ) as caught:
        read(tmp_path, text, strict_columns=True)
    assert "found: t_s, prompt_tokens" in caught.value.hint
    assert "ContextTokens" in caught.value.hint


def test_error_says_what_was_found_and_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(
        TraceError, match=r"has no column t_s.*prompt_tokens.*output_tokens"
    ) as caught:
        read(tmp_path, "colour,taste\n1,2\n")
    assert "the header reads: colour, taste" in caught.value.hint
    assert "Request tokens" in caught.value.hint


def test_error_layout_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="burstgtp") as caught:
        read(tmp_path, BURST_1, layout="burstgtp")
    assert "burstgpt" in caught.value.hint
    with pytest.raises(
        TraceError, match="not laid out as burstgpt: it has no column requesttokens"
    ):
        read(tmp_path, AZURE_2023, layout="burstgpt")
    with pytest.raises(TraceError, match=r"mooncake, which comes as \.jsonl"):
        read(tmp_path, AZURE_2023, layout="mooncake")
    with pytest.raises(TraceError, match="folder to sample from"):
        read_trace(tmp_path, layout="servegen")
    with pytest.raises(TraceError, match="none of 3 rows has type = image"):
        read(tmp_path, BAILIAN, "log.jsonl", only={"type": "image"})
    with pytest.raises(TraceError) as one_client:
        read(tmp_path, "0,1.1,0.9,Gamma,1.0,0.8\n", "chunk-1-trace.csv")
    assert "one client of ServeGen" in one_client.value.hint


def test_worked_own_copies_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    assert own_copy("burstgpt-3") is None
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "BurstGPT_3.csv").write_text(BURST_3)
    path = own_copy("burstgpt-3")
    assert path is not None
    assert len(read_trace(path, layout=OWN_COPY_TRACES["burstgpt-3"].layout)) == 4
    assert {own.layout for own in OWN_COPY_TRACES.values()} <= set(LAYOUTS)
    with pytest.raises(UnknownNameError, match="burstgpt-4"):
        own_copy("burstgpt-4")


PUBLISHED = [
    ("log.csv", AZURE_2023 + AZURE_2024.split("\n", 1)[1]),
    ("log.csv", BURST_1),
    ("log.csv", BURST_3),
    ("log.jsonl", BAILIAN),
    (
        "log.jsonl",
        json.dumps(
            {"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}
        )
        + "\n",
    ),
]


@given(
    which=st.sampled_from(PUBLISHED),
    layout=st.sampled_from(["auto", *LAYOUTS]),
    edits=st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=4)), max_size=4),
    cut=st.integers(0, 600),
)
def test_property_damaged_logs_give_requests_or_an_error_with_a_hint(
    tmp_path_factory: pytest.TempPathFactory,
    which: tuple[str, str],
    layout: str,
    edits: list[tuple[int, bytes]],
    cut: int,
) -> None:
    name, content = which
    raw = bytearray(content.encode()[: cut or None])
    for at, new in edits:
        raw[at : at + len(new)] = new
    path = tmp_path_factory.mktemp("t") / name
    path.write_bytes(bytes(raw))
    try:
        got = read_trace(path, layout=layout)
    except TaotieError as error:
        message = error.message
    else:
        message = name
        assert (got.prompt_tokens >= 1).all()
        assert got.session is None or got.session.shape == got.t_s.shape
    assert name in message


@given(st.lists(st.text(max_size=12), max_size=8), st.sampled_from([".csv", ".jsonl", ""]))
def test_property_any_header_gives_columns_or_a_trace_error(header: list[str], ending: str) -> None:
    hint = "none"
    try:
        roles = set(columns_of(header, Path("log" + ending)).role)
    except TraceError as error:
        roles, hint = {"t", "prompt", "output"}, error.hint
    assert roles >= {"t", "prompt", "output"}
    assert hint
