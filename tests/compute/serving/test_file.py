"""A log in parts gives what reading it at once gives, in every bit; bad files are named."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.compute.serving import file, source, window
from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.file import parquet_source, text_as_parquet
from taotie.compute.serving.output import write_columns
from taotie.compute.serving.service import ReplicaModel, Serving, WritingPool, simulate
from taotie.errors import RangeError, TraceError
from taotie.files import columns as columns_kept
from taotie.workload.requests import Requests
from taotie.workload.scaling import scaled
from taotie.workload.trace import read_trace
from taotie.workload.trace_rows import Reading

duckdb = pytest.importorskip("duckdb", reason="Parquet logs are in the extra `data`")

COSTS = IterationCosts.affine(
    16, (8 * 10**9, 10**8, 10**4, 10**7, 0), (4 * 10**9, 10**7, 10**4, 10**7, 0)
)
REPLICA = ReplicaModel("made up", COSTS, ReplicaLimits(16, 500), 1, 70_000, 50_000, 9_001)


@pytest.fixture
def log(tmp_path):
    rng = np.random.default_rng(0)
    n = 3000
    t = np.cumsum(rng.exponential(0.02, n))
    columns = {
        "t_s": t - t[0],
        "prompt_tokens": rng.integers(1, 900, n),
        "output_tokens": rng.integers(1, 300, n),
    }
    columns["prompt_tokens"][7] = 8000  # longer than the KV cache
    write_columns(tmp_path / "log.parquet", columns)
    return tmp_path / "log.parquet", columns


def same(one, other):
    """All that two runs know, in every bit."""
    for name in ("number", "arrival_ps", "ttft_ps", "finish_ps", "own_nj", "shared_nj", "overhead_nj", "replica"):  # fmt: skip
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.summary() == other.summary()
    assert one.notes == other.notes


@pytest.mark.parametrize(
    ("part", "routing", "scale"),
    [(97, "round_robin", 1.0), (1000, "random", 4.0), (97, "least_outstanding", 1.0), (97, "two_choices", 3.0)],
)  # fmt: skip
def test_matches_reading_at_once(log, monkeypatch, part, routing, scale):
    path, columns = log
    for module in (file, source, columns_kept):
        monkeypatch.setattr(module, "PART", part)
    monkeypatch.setattr(columns_kept, "IN_MEMORY", 8 * part)  # the columns lie in files
    monkeypatch.setattr(window, "BLOCK", 61)
    columns["output_tokens"][11] = 0  # left out
    columns["t_s"][20:30] = columns["t_s"][20]
    for key in ("prompt_tokens", "output_tokens"):
        columns[key][20:80] = columns[key][20]
    columns["t_s"][20:80] = columns["t_s"][20]
    write_columns(path, columns)
    serving = Serving(REPLICA, 7, routing, bin_s=3.0, seed=3)
    whole = read_trace(path)
    assert [one.code for one in whole.said] == ["empty_requests", "rows_twice"]
    parts = parquet_source(path)
    assert parts.n == len(whole) == 2999
    assert parts.layout == whole.layout
    run = simulate(parts.faster(scale), serving)
    assert run.rejected == 1
    same(run, simulate(scaled(whole, scale), serving))
    most = 900.0
    kept = whole.prompt_tokens + whole.output_tokens <= most
    assert parts.mean_lengths(most) == (whole.prompt_tokens[kept].mean(), whole.output_tokens[kept].mean())  # fmt: skip
    assert source.source_of(whole).mean_lengths(most) == parts.mean_lengths(most)
    assert parts.mean_lengths(0.0) == (whole.prompt_tokens.mean(), whole.output_tokens.mean())


@pytest.mark.parametrize(("more", "rejected"), [(0, 0), (1, 1)])
def test_worked_a_request_as_long_as_the_cache_is_served(more, rejected):
    room = REPLICA.limits.kv_tokens
    two = Requests(np.array([0.0, 1.0]), np.array([room - 100 + more, 10]), np.array([100, 5]))
    run = simulate(two, Serving(REPLICA, 1, bin_s=3.0))
    assert (run.rejected, len(run.number)) == (rejected, 2 - rejected)


def test_error_logs(log, tmp_path):
    path, columns = log
    with pytest.raises(RangeError, match="one pool that is always on"):
        simulate(parquet_source(path), Serving(REPLICA, 2, writing=WritingPool(REPLICA, 1)))
    with pytest.raises(TraceError, match="no file"):
        parquet_source(tmp_path / "absent.parquet")
    write_columns(tmp_path / "zero.parquet", {**columns, "output_tokens": columns["output_tokens"] * 0})  # fmt: skip
    with pytest.raises(TraceError, match="every request in it is empty"):
        parquet_source(tmp_path / "zero.parquet")
    write_columns(tmp_path / "back.parquet", {**columns, "t_s": columns["t_s"][::-1]})
    with pytest.raises(TraceError, match="order"):
        simulate(parquet_source(tmp_path / "back.parquet"), Serving(REPLICA, 3))
    rising = np.arange(1, 3001)
    write_columns(tmp_path / "sums.parquet", {"t_s": columns["t_s"], "prompt_tokens": rising, "output_tokens": rising})  # fmt: skip
    for read in (read_trace, lambda place: simulate(parquet_source(place), Serving(REPLICA, 3))):
        with pytest.raises(TraceError, match="running totals"):
            read(tmp_path / "sums.parquet")
    write_columns(tmp_path / "odd.parquet", {"colour": columns["t_s"]})
    with pytest.raises(TraceError, match="no column"):
        parquet_source(tmp_path / "odd.parquet")
    (tmp_path / "text.parquet").write_text("not parquet")
    with pytest.raises(TraceError, match="cannot be read"):
        parquet_source(tmp_path / "text.parquet")
    with pytest.raises(RangeError, match="not above 0"):
        parquet_source(path).faster(0.0)


@pytest.mark.parametrize(
    ("header", "times", "seconds"),
    [
        ("t_s,prompt_tokens,output_tokens", ("1.5", "3.25"), 1.75),
        ("t_ms,prompt_tokens,output_tokens", ("1500", "3250"), 1.75),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens",
            ("2023-11-16 18:15:46.6805900", "2023-11-16 18:15:50.9951690"),
            4.314579,
        ),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens",
            ("2024-05-10 00:00:00.009930+00:00", "2024-05-10 02:00:01+02:00"),
            0.99007,
        ),
        ("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type", ("5", "45"), 40.0),
    ],
)
def test_matches_text_read_at_once(tmp_path, header, times, seconds):
    width = header.count(",") + 1
    rows = [f"{times[0]},10,20", f"{times[1]},30,40"]
    if width == 6:
        rows = [f"{times[0]},GPT-4,10,20,30,API log", f"{times[1]},GPT-4,30,40,70,API log"]
    place = tmp_path / "log.csv"
    place.write_text("\n".join([header, *rows]) + "\n")
    made, left_out, _said = text_as_parquet(place, tmp_path)
    got = duckdb.sql(f"select * from '{made}'").fetchnumpy()
    assert left_out == 0
    assert got["t_s"][1] - got["t_s"][0] == pytest.approx(seconds, abs=1e-7)
    assert got["prompt_tokens"].tolist() == [10, 30]
    assert got["output_tokens"].tolist() == [20, 40]
    assert read_trace(place).t_s[1] == pytest.approx(seconds, abs=1e-7)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("colour,taste\n1,2\n", "no column"),
        ("...,taste\n1,2\n", "no column"),  # a name of points alone
        ("t_s,prompt_tokens,output_tokens\n", "holds no request"),
        ("t_s,prompt_tokens,output_tokens\n1,0,5\n", "every request in it is empty"),
        ("t_s,prompt_tokens,output_tokens\n1,many,5\n", "cannot be read as CSV"),
        ("t_s,prompt_tokens,output_tokens\nsoon,3,5\n", "cannot be read as CSV"),
        ("t_s,prompt_tokens,output_tokens\n1,3,5\n2,3\n3,3,5\n", "cannot be read as CSV"),
    ],
)
def test_error_text(tmp_path, content, message):
    place = tmp_path / "log.csv"
    place.write_text(content)
    with pytest.raises(TraceError, match=message):
        text_as_parquet(place, tmp_path)


def test_error_a_stream_refuses_half_tokens(tmp_path):
    place = tmp_path / "log.csv"
    place.write_text("t_s,prompt_tokens,output_tokens\n0,374.5,10\n1,100,20\n")
    with pytest.raises(TraceError, match="1 of 2 rows have no time, or lengths that are no whole"):
        text_as_parquet(place, tmp_path)
    write_columns(
        tmp_path / "half.parquet",
        {
            "t_s": np.arange(2.0),
            "prompt_tokens": np.array([374.5, 1.0]),
            "output_tokens": np.ones(2),
        },
    )
    with pytest.raises(TraceError, match="1 of 2 rows"):
        parquet_source(tmp_path / "half.parquet")


def test_matches_units_of_time_read_at_once(tmp_path):
    n = 50
    for name, start, step, unit in (
        ("timestamp", 1_764_547_200_000, 250, ""),
        ("t_us", 0, 250_000, ""),
        ("time", 0, 250, "ms"),
    ):
        place = tmp_path / f"{name}.csv"
        place.write_text(
            f"{name},prompt_tokens,output_tokens\n"
            + "".join(f"{start + step * i},100,20\n" for i in range(n))
        )
        made, _left_out, _said = text_as_parquet(place, tmp_path, Reading(time_unit=unit))
        got = duckdb.sql(f"select t_s from '{made}'").fetchnumpy()["t_s"]
        assert (got - got[0]).tolist() == read_trace(place, time_unit=unit).t_s.tolist()
        assert got[-1] - got[0] == pytest.approx(0.25 * (n - 1))
