"""The same logs as `test_trace_cases`, read for a meter: when each request ended, or that the log does not tell."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from rows import each_row
from taotie.errors import TaotieError, TraceError
from taotie.workload.served import read_served_log
from taotie.workload.trace import read_trace
from taotie.workload.trace_layout import columns_asked

CASES = Path(__file__).parents[1] / "cases" / "logs"
NEW_YEAR_NS = 1_767_225_600 * 10**9


def rows() -> list[dict[str, str]]:
    with (CASES / "served.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@each_row("row", rows(), ids=lambda row: row["file"])
def test_worked_log(row: dict[str, str]) -> None:
    words = shlex.split(row["args"])
    given = dict(zip(words[::2], words[1::2], strict=True))
    asked = (columns_asked(given.get("--columns", "")), given.get("--time-unit", ""))
    begin = NEW_YEAR_NS if row["from"] else None
    if row["refuse"]:
        with pytest.raises(TaotieError) as caught:
            read_served_log(CASES / row["file"], *asked, NEW_YEAR_NS)
        said = f"{caught.value.message} {caught.value.hint}".replace(row["file"], "FILE")
        assert re.search(row["refuse"], said)
        return
    if begin is not None:  # from zero: a meter's day is not known
        with pytest.raises(TraceError, match="are no dates"):
            read_served_log(CASES / row["file"], *asked)
    got = read_served_log(CASES / row["file"], *asked, begin)
    assert (len(got), got.times) == (int(row["requests"]), row["times"])
    assert float(got.end_ns[0] - got.start_ns[0]) / 1e9 == pytest.approx(float(row["first_s"]))
    if begin is not None:
        assert int(got.start_ns[0]) == begin
    # the one reader: as many requests, the same tokens and arrivals as a simulation reads
    try:
        plain = read_trace(CASES / row["file"], columns=asked[0], time_unit=asked[1])
    except TraceError:
        assert "times_are_of_the_end" in {s.code for s in got.said}
        return
    np.testing.assert_array_equal(plain.prompt_tokens, got.prompt)
    if "times_are_of_the_end" not in {s.code for s in got.said}:
        after = (got.start_ns - got.start_ns[0]) / 1e9
        np.testing.assert_allclose(after, plain.t_s, atol=1e-6)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_worked_a_duration_without_its_unit_is_read_by_the_pace_of_tokens(
    unit: str, tmp_path
) -> None:
    scale = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]
    lines = "".join(
        f"{1_767_225_600 + i},{(2 + i) * scale:.0f},100,{60 + 30 * i}\n" for i in range(20)
    )
    (tmp_path / "log.csv").write_text("start,latency,prompt_tokens,completion_tokens\n" + lines)
    log = read_served_log(tmp_path / "log.csv")
    assert ((log.end_ns - log.start_ns) / 1e9).tolist() == [2.0 + i for i in range(20)]
    assert ("length_unit_told" in {s.code for s in log.said}) == (unit != "s")


def test_error_a_duration_of_no_unit(tmp_path) -> None:
    lines = "".join(f"{1_767_225_600 + i},100,10,50\n" for i in range(20))  # 2 s or 2 ms a token
    (tmp_path / "log.csv").write_text("start,latency,prompt_tokens,completion_tokens\n" + lines)
    with pytest.raises(TraceError, match="the unit of latency") as caught:
        read_served_log(tmp_path / "log.csv")
    assert "latency_ms" in (caught.value.hint or "")
    (tmp_path / "log.csv").write_text("start,latency_ms,prompt_tokens,completion_tokens\n" + lines)
    assert int(read_served_log(tmp_path / "log.csv").end_ns[0]) == NEW_YEAR_NS + 10**8


def test_worked_a_pause_of_a_person_is_no_duration(tmp_path) -> None:
    lines = "".join(
        f'{{"session_id": "a", "timestamp": {1_767_225_600 + 5 * i}, "delay_ms": 900, "input_length": 9, "output_length": 5}}\n'
        for i in range(12)
    )
    (tmp_path / "log.jsonl").write_text(lines)
    assert read_served_log(tmp_path / "log.jsonl").times == "arrivals"


def test_worked_moved_by_its_first_request(tmp_path) -> None:
    """--requests-from moves dates, too: another clock, another zone."""
    (tmp_path / "log.csv").write_text(
        "start,end,prompt_tokens,completion_tokens\n2026-02-01T00:00:00Z,2026-02-01T00:00:05Z,10,20\n"
    )
    log = read_served_log(tmp_path / "log.csv", begin_ns=NEW_YEAR_NS)
    assert (int(log.start_ns[0]), int(log.end_ns[0])) == (NEW_YEAR_NS, NEW_YEAR_NS + 5 * 10**9)


def test_worked_more_cached_than_the_prompt_has_is_said(tmp_path) -> None:
    head = "start,end,prompt_tokens,completion_tokens,cached_tokens\n"
    rows = [f"{1_767_225_600 + i},{1_767_225_610 + i},100,50,{c}" for i, c in enumerate((0, 100, 250))]  # fmt: skip
    (tmp_path / "log.csv").write_text(head + "\n".join(rows) + "\n")
    log = read_served_log(tmp_path / "log.csv")
    assert log.cached.tolist() == [0, 100, 100]
    assert {s.code: s.values.get("n") for s in log.said}["cached_beyond_prompt"] == 1
