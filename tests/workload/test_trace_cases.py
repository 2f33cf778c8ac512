"""Every published layout, and logs of one's own: as many requests over as many seconds as were put in, or the true reason."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest

from rows import each_row
from taotie.errors import TaotieError
from taotie.workload.trace import read_trace
from taotie.workload.trace_layout import columns_asked

CASES = Path(__file__).parents[1] / "cases" / "logs"


def rows() -> list[dict[str, str]]:
    with (CASES / "expected.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@each_row("row", rows(), ids=lambda row: row["file"])
def test_worked_log(row: dict[str, str]) -> None:
    words = shlex.split(row["args"])
    given = dict(zip(words[::2], words[1::2], strict=True))
    asked = {
        "columns": columns_asked(given.get("--columns", "")),
        "time_unit": given.get("--time-unit", ""),
    }
    if row["refuse"]:
        with pytest.raises(TaotieError) as caught:
            read_trace(CASES / row["file"], **asked)
        said = f"{caught.value.message} {caught.value.hint}".replace(row["file"], "FILE")
        assert re.search(row["refuse"], said)
        return
    got = read_trace(CASES / row["file"], **asked)
    assert len(got) == int(row["requests"])
    assert got.span_s == pytest.approx(float(row["span_s"]), abs=1e-6)


def test_worked_tokens_counted_beside() -> None:
    cached = read_trace(CASES / "anthropic_messages.jsonl")
    assert set(cached.prompt_tokens.tolist()) == {1120}
    thoughts = read_trace(CASES / "gemini.jsonl")
    assert set(thoughts.output_tokens.tolist()) == {40}
    within = read_trace(CASES / "openai_responses.jsonl")
    assert set(within.prompt_tokens.tolist()) == {300}


def test_worked_blocks_by_lengths() -> None:
    for name, size in (
        ("blocks_of_128.jsonl", 128),
        ("weka.jsonl", 64),
        ("bailian.jsonl", 16),
        ("mooncake.jsonl", 512),
    ):
        blocks = read_trace(CASES / name).hash_ids
        assert blocks is not None
        assert blocks.block_tokens == size


def test_worked_what_is_guessed_or_lost_is_told() -> None:
    told = {
        "aiperf_sessions.jsonl": "delays_from_arrival",
        "sglang_requests.jsonl": "rows_of_another_kind",
        "otel_spans.json": "spans_of_totals",
        "guidellm.json": "failed_left_out",
        "null_tokens.jsonl": "failed_left_out",
        "written_twice.jsonl": "rows_twice",
        "clock_set_back.csv": "clock_back",
        "chunks_so_far.csv": "ids_repeat",
        "guidellm_trace.jsonl": "time_unit_told",
        "epoch_ms_with_fractions.csv": "time_unit_found",
    }
    for name, code in told.items():
        assert code in {one.code for one in read_trace(CASES / name).said}, name
