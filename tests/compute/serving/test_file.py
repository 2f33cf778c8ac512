"""A log in parts gives what reading it at once gives; bad files are named; no half file is left."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
from taotie.compute.serving.file import log_said, simulate_parquet, text_as_parquet
from taotie.compute.serving.output import write_columns
from taotie.compute.serving.service import ReplicaModel, Serving, simulate
from taotie.compute.serving.stream import Histogram
from taotie.errors import RangeError, TraceError
from taotie.workload.requests import Requests
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


@pytest.mark.parametrize("part", [1, 700, 10**9])
def test_matches_reading_at_once(log, tmp_path, part):
    path, columns = log
    serving = Serving(REPLICA, 7, bin_s=3.0)
    run = simulate_parquet(path, serving, part_requests=part, requests_out=tmp_path / "out.parquet")
    assert run.rejected == 1
    # the same rows to the same replicas: the long one keeps its turn
    whole = simulate(
        Requests(columns["t_s"], columns["prompt_tokens"], columns["output_tokens"]),
        Serving(REPLICA, 1),
    )
    assert whole.rejected == 1
    got = duckdb.sql(f"select * from '{tmp_path / 'out.parquet'}' order by request").fetchnumpy()
    assert len(got["request"]) == run.requests == 2999
    np.testing.assert_array_equal(got["replica"], got["request"] % 7)
    one = np.flatnonzero(np.arange(3000) % 7 == 3)
    alone = simulate(Requests(*(columns[k][one] for k in columns)), Serving(REPLICA, 1, bin_s=3.0))
    mine = got["replica"] == 3
    shift = columns["t_s"][one[0]] * 0  # arrivals stay on the clock of the whole log
    np.testing.assert_allclose(got["ttft_s"][mine], alone.ttft_s + shift, rtol=0, atol=1e-9)
    total = Histogram()
    total.add(np.rint((got["own_j"] + got["shared_j"]) * 1e9).astype(np.int64))
    np.testing.assert_array_equal(run.energy_nj.counts, total.counts)
    assert run.energy_nj.sum == int(run.account.busy_nj.sum())
    other = simulate_parquet(path, serving, part_requests=1500)
    np.testing.assert_array_equal(other.account.bins, run.account.bins)
    np.testing.assert_array_equal(other.ttft_ps.counts, run.ttft_ps.counts)


@pytest.mark.parametrize(("more", "rejected"), [(0, 0), (1, 1)])
def test_worked_a_request_as_long_as_the_cache_is_served(tmp_path, more, rejected):
    room = REPLICA.limits.kv_tokens
    columns = {
        "t_s": np.array([0.0, 1.0]),
        "prompt_tokens": np.array([room - 100 + more, 10]),
        "output_tokens": np.array([100, 5]),
    }
    write_columns(tmp_path / "log.parquet", columns)
    run = simulate_parquet(tmp_path / "log.parquet", Serving(REPLICA, 1, bin_s=3.0))
    assert (run.rejected, run.requests) == (rejected, 2 - rejected)


def test_matches_the_border_when_nothing_is_rejected(log, tmp_path):
    path, columns = log
    columns["prompt_tokens"][7] = 80
    write_columns(path, columns)
    serving = Serving(REPLICA, 5, bin_s=3.0)
    parts = simulate_parquet(path, serving, part_requests=999)
    whole = simulate(Requests(*columns.values()), serving)
    assert parts.total_nj == whole.total_nj
    np.testing.assert_array_equal(parts.account.bins, whole.pools[0].bins)
    assert parts.ttft_ps.sum == int(whole.ttft_ps.sum())


def test_error_logs(log, tmp_path):
    path, columns = log
    with pytest.raises(RangeError, match="round robin"):
        simulate_parquet(path, Serving(REPLICA, 2, "random"))
    with pytest.raises(TraceError, match="no file"):
        simulate_parquet(tmp_path / "absent.parquet", Serving(REPLICA))
    bad = {**columns, "output_tokens": columns["output_tokens"] * 0}
    write_columns(tmp_path / "zero.parquet", bad)
    with pytest.raises(TraceError, match="3000 of 3000 rows"):
        simulate_parquet(tmp_path / "zero.parquet", Serving(REPLICA))
    write_columns(tmp_path / "back.parquet", {**columns, "t_s": columns["t_s"][::-1]})
    out = tmp_path / "never.parquet"
    with pytest.raises(TraceError, match="order"):
        simulate_parquet(tmp_path / "back.parquet", Serving(REPLICA, 3), requests_out=out)
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))
    write_columns(tmp_path / "odd.parquet", {"colour": columns["t_s"]})
    with pytest.raises(TraceError, match="no column"):
        simulate_parquet(tmp_path / "odd.parquet", Serving(REPLICA))
    (tmp_path / "text.parquet").write_text("not parquet")
    with pytest.raises(TraceError, match="cannot be read"):
        simulate_parquet(tmp_path / "text.parquet", Serving(REPLICA))


def test_matches_compressed_requests(log, tmp_path):
    path, columns = log
    columns["prompt_tokens"][7] = 80
    write_columns(path, columns)
    serving = Serving(REPLICA, 5, bin_s=3.0)
    fast = simulate_parquet(path, serving, rate_scale=4.0)
    columns["t_s"] = columns["t_s"] / 4.0
    whole = simulate(Requests(*columns.values()), serving)
    assert fast.total_nj == whole.total_nj
    with pytest.raises(RangeError, match="not above 0"):
        simulate_parquet(path, serving, rate_scale=0.0)


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
        log_said(tmp_path / "half.parquet", Reading())
    with pytest.raises(TraceError, match="1 of 2 rows"):
        simulate_parquet(tmp_path / "half.parquet", Serving(REPLICA))


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
