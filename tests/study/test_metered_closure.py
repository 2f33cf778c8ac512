"""Closure: requests with known joules -> counters as boards show them -> attribution gives the joules back."""

from __future__ import annotations

import numpy as np
import pytest

from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.metered.weights import model_weights, plain_weights
from taotie.errors import TraceError
from taotie.hardware.accelerator import accelerator
from taotie.metering.attribution import attribution, group_course
from taotie.metering.channel import Channel
from taotie.metering.recording import Recording
from taotie.metering.steps import Readings
from taotie.study.metered_day import metered_day
from taotie.workload.served import ServedLog, read_served_log

S = 10**9


@pytest.mark.parametrize("seed", range(3))
def test_property_known_joules_come_back(seed: int) -> None:
    """Counters in mJ that move each 100 ms, read each second; a third of the requests hit a cache."""
    rng = np.random.default_rng(seed)
    n = 400
    start = np.sort(rng.uniform(100, 1500, n))
    prompt, output = rng.integers(50, 4000, n), rng.integers(20, 600, n)
    cached = np.where(rng.random(n) < 0.33, prompt * 3 // 4, 0)
    first = start + 0.05 + (prompt - cached) / 20_000
    end = first + output * 0.02
    log = ServedLog(
        *((v * S).astype(np.int64) for v in (start, first, end)), prompt, cached, output
    )
    setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100-sxm"))
    weights = model_weights(log, setup)
    true = weights.prefill + weights.decode
    fine = np.arange(0, 1700.0001, 0.1)
    drawn = 90.0 * fine
    for a, b, w in ((start, first, weights.prefill), (first, end, weights.decode)):
        drawn += (np.clip((fine[:, None] - a) / (b - a), 0, 1) * w).sum(axis=1)
    counter = np.floor(drawn * 1000).astype(np.int64)
    readings = Readings.of(
        Channel("g", "mJ"), (fine[::10] * S).astype(np.int64), counter[::10] + 10**7
    )
    made = metered_day(Recording((readings,)), log, setup)
    active = made.request_uj / 1e6
    assert (
        made.total_uj
        == made.requests_uj + made.idle_uj + made.unexplained_uj
        == int(counter[::10][-1] - counter[0]) * 1000
    )
    assert made.idle_w == pytest.approx(90.0, rel=0.01)
    assert made.active_uj / 1e6 == pytest.approx(true.sum(), rel=0.01)
    # the same requests one by one: the work of each, without its share of the waiting
    course = group_course([readings])
    each = attribution(
        course, log.start_ns, log.first_ns, log.end_ns, weights.prefill, weights.decode
    )
    work = each.active_uj / 1e6
    assert np.median(np.abs(work / true - 1)) < 0.05
    assert np.corrcoef(np.argsort(np.argsort(work)), np.argsort(np.argsort(true)))[0, 1] > 0.95
    assert (active >= work).all()
    assert made.predicted_j == pytest.approx(true.sum())


def test_worked_logs_in_five_layouts(tmp_path) -> None:
    t = 1_767_225_600
    texts = {
        "own.csv": f"created_at,ttft_ms,end,n_in,n_out,model\n{t},100,{t + 5},10,20,m\n",
        "own.tsv": f"start_time\tlatency_s\tprompt_tokens\tcompletion_tokens\n{t * 1000}\t5\t10\t20\n",
        "litellm.json": '[{"startTime":"2026-01-01T00:00:00Z","completionStartTime":"2026-01-01T00:00:00.100Z","endTime":"2026-01-01T00:00:05Z","model":"m","user":"ann","usage":{"prompt_tokens":10,"completion_tokens":20}}]',
        "spans.jsonl": '{"start_ns": 1767225600000000000, "duration_ms": 5000, "input_tokens": 10, "output_tokens": 20}\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        log = read_served_log(tmp_path / name)
        assert (int(log.start_ns[0]), int(log.end_ns[0] - log.start_ns[0])) == (t * S, 5 * S), name
        assert (int(log.prompt[0]), int(log.output[0])) == (10, 20)
    zero = tmp_path / "zero.csv"
    zero.write_text("start,duration_s,prompt_tokens,completion_tokens\n0,5,10,20\n3,5,10,20\n")
    with pytest.raises(TraceError, match="are no dates"):
        read_served_log(zero)
    assert read_served_log(zero, begin_ns=t * S).start_ns.tolist() == [t * S, (t + 3) * S]
    own = tmp_path / "own_names.csv"
    own.write_text("begin,took_s,asked,told\n0,5,10,20\n")
    named = read_served_log(
        own,
        {"t": "begin", "duration": "took_s", "prompt": "asked", "output": "told"},
        "s",
        t * S,
    )
    assert (named.prompt.tolist(), named.output.tolist(), int(named.end_ns[0])) == (
        [10],
        [20],
        (t + 5) * S,
    )


def test_worked_rows_that_cannot_be_are_told(tmp_path) -> None:
    t = 1_767_225_600
    (tmp_path / "r.csv").write_text(
        f"start,end,prompt_tokens,completion_tokens\n{t},{t + 5},10,20\n{t},{t - 5},10,20\n{t},,10,20\n"
    )
    log = read_served_log(tmp_path / "r.csv")
    assert len(log) == 1
    assert {s.code for s in log.said} >= {"rows_dropped", "no_first_token"}
    assert plain_weights(log).decode.tolist() == [210.0]
    (tmp_path / "x.csv").write_text(
        f"start,end,prompt_tokens,completion_tokens\n{t},{t + 5},ten,20\n"
    )
    with pytest.raises(TraceError, match="'ten' is not a number"):
        read_served_log(tmp_path / "x.csv")


def test_matches_one_log_in_three_containers(tmp_path) -> None:
    """CSV, JSON lines and Parquet: the same requests, holes and labels included."""
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    import json

    rng = np.random.default_rng(2)
    rows = []
    for i in range(500):
        rows.append({
            "created_at": 1_767_225_600 + i * 0.25, "ttft_ms": int(rng.integers(1, 900)) if i % 7 else None,
            "latency_s": int(rng.integers(1, 50)), "prompt_tokens": int(rng.integers(1, 99)),
            "cached_tokens": i % 5 or None, "completion_tokens": int(rng.integers(0, 99)),
            "model": f"m{i % 2}", "user": ["ann", None, "b, c"][i % 3], "other": "x",
        })  # fmt: skip
    text = ",".join(rows[0]) + "\n"
    for row in rows:
        text += (
            ",".join(
                "" if v is None else f'"{v}"' if "," in str(v) else str(v) for v in row.values()
            )
            + "\n"
        )
    (tmp_path / "r.csv").write_text(text)
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    duckdb.execute(
        f"copy (select * from read_json('{tmp_path}/r.jsonl')) to '{tmp_path}/r.parquet' (format parquet)"
    )
    logs = [read_served_log(tmp_path / f"r.{end}") for end in ("csv", "jsonl", "parquet")]
    for other in logs[1:]:
        for name in ("start_ns", "first_ns", "end_ns", "prompt", "cached", "output"):
            np.testing.assert_array_equal(getattr(logs[0], name), getattr(other, name), name)
        for label in ("model", "user"):
            a, b = (
                [names[c] for c in codes]
                for codes, names in (logs[0].labels[label], other.labels[label])
            )
            assert a == b
    (tmp_path / "bad.csv").write_text(
        "\n".join(text.split("\n")[:3]) + "\n1767225600,1,x,1,1,1,m,u,o\n"
    )
    with pytest.raises(TraceError, match=r"line 4, column latency_s: 'x' is not a number"):
        read_served_log(tmp_path / "bad.csv")


def test_worked_a_key_that_comes_up_late(tmp_path, monkeypatch) -> None:
    from taotie.workload import trace_jsonl

    monkeypatch.setattr(trace_jsonl, "CHUNK_ROWS", 2)
    row = '{"start": %d, "duration_s": 2, "prompt_tokens": 5, "completion_tokens": 6%s}\n'
    t = 1_767_225_600
    (tmp_path / "r.jsonl").write_text(
        "".join(row % (t + i, ', "user": "ann", "ttft_s": 1' if i > 3 else "") for i in range(6))
    )
    log = read_served_log(tmp_path / "r.jsonl")
    codes, names = log.labels["user"]
    assert [names[c] for c in codes] == ["unlabelled"] * 4 + ["ann"] * 2
    assert ((log.first_ns - log.start_ns) // S).tolist() == [0, 0, 0, 0, 1, 1]
