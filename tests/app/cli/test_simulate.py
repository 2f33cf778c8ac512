"""`taotie simulate`: JSON as promised, files whole, mistakes named."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from taotie.app.cli.simulate import register
from taotie.errors import RangeError, TraceError, UnknownNameError

ROWS = [(0.1 * i, 100 + 7 * i, 1 + 3 * (i % 40)) for i in range(200)]


@pytest.fixture(scope="module")
def app():
    made = typer.Typer()

    @made.callback()
    def root() -> None: ...

    register(made)
    return made


@pytest.fixture
def trace(tmp_path):
    path = tmp_path / "log.csv"
    lines = ["t_s,prompt_tokens,output_tokens", *(f"{t},{p},{o}" for t, p, o in ROWS)]
    path.write_text("\n".join(lines) + "\n")
    return path


def run(app, *words):
    result = CliRunner().invoke(app, ["simulate", *map(str, words)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_worked_json(app, trace):
    out = json.loads(run(app, trace, "--on", "8xh100", "--slo", "ttft=1s,tpot=50ms", "--json"))
    assert set(out) >= {
        "requests", "completed", "rejected", "span_s", "replicas", "energy_j",
        "energy_per_request_j", "ttft_s", "tpot_s", "mean_batch", "peak_power_w", "mean_power_w",
        "simulated_requests_per_s",
    }  # fmt: skip
    assert set(out["energy_j"]) >= {"total", "requests_sum", "prefill", "decode", "idle", "host"}
    assert set(out["energy_per_request_j"]) >= {"p05", "p50", "p95", "mean"}
    assert out["completed"] == 200
    assert out["energy_j"]["total"] == out["energy_j"]["requests_sum"]
    assert out["slo_share_kept"] >= 0.99
    assert out["energy_range"][0] < 1 < out["energy_range"][1]
    assert out["replicas"] in [row["replicas"] for row in out["slo_cost"]]


def test_worked_files_and_words(app, trace, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    one, two = tmp_path / "r.parquet", tmp_path / "p.parquet"
    text = run(
        app, trace, "--on", "8xh100", "--replicas", 2, "--requests-out", one, "--power-out", two
    )
    assert "200 of 200 requests" in text
    assert str(one) in text.replace("\n", "")
    assert duckdb.sql(f"select count(*) from '{one}'").fetchall() == [(200,)]
    assert duckdb.sql(f"select count(*) from '{two}' where total_w > 0").fetchall()[0][0] > 0


def test_worked_sweep(app, trace):
    words = ("--on", "8xh100", "--replicas", 1, "--sweep", "rate=1,2", "--sweep", "max-batch=4,64")
    out = json.loads(run(app, trace, *words, "--json"))
    assert [row["case"] for row in out["sweep"]] == [
        {"rate": r, "max-batch": b} for r in "12" for b in ("4", "64")
    ]
    assert "rate" in run(app, trace, *words)


def test_worked_sampled_chat(app):
    words = ("chat", "--per-day", 50000, "--hours", 1, "--on", "8xh100", "--replicas", 1, "--json")
    out = json.loads(run(app, *words))
    assert out["completed"] > 100
    assert out == {
        **json.loads(run(app, *words)),
        "simulated_requests_per_s": out["simulated_requests_per_s"],
    }


def test_worked_stream(app, trace, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "log.parquet"
    duckdb.sql(f"copy (select * from '{trace}') to '{path}' (format parquet)")
    words = ("--on", "8xh100", "--replicas", 3, "--routing", "round-robin", "--json")
    whole, parts = (
        json.loads(run(app, path, *words)),
        json.loads(run(app, path, "--stream", *words)),
    )
    assert parts["energy_j"] == whole["energy_j"]
    assert parts["completed"] == whole["completed"] == 200
    assert parts["ttft_s"]["p50"] == pytest.approx(whole["ttft_s"]["p50"], rel=0.02)
    assert parts["ttft_s"]["mean"] == pytest.approx(whole["ttft_s"]["mean"], rel=1e-9)
    assert parts["peak_power_w"] == pytest.approx(whole["peak_power_w"], rel=1e-9)
    words = ("chat", "--stream", "--per-day", 1e5, "--hours", 2, "--on", "8xh100", "--replicas", 2)
    assert "requests in 2" in run(app, *words)
    with pytest.raises(RangeError, match="--replicas"):
        run(app, path, "--stream")


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        (("--replicas", "many"), RangeError, "many"),
        (("--replicas", "1", "--sweep", "colour=red"), UnknownNameError, "colour"),
        (("--replicas", "1", "--sweep", "rate=fast"), RangeError, "fast"),
        (("--slo", "soon"), RangeError, "soon"),
        (("--replicas", "1", "--routing", "nearest"), UnknownNameError, "nearest"),
        ((), RangeError, "neither"),
    ],
)
def test_error_options(app, trace, words, error, match):
    with pytest.raises(error, match=match):
        run(app, trace, "--on", "8xh100", *words)


def test_error_logs(app, tmp_path):
    with pytest.raises(UnknownNameError, match="azur"):
        run(app, "azur", "--replicas", "1")
    with pytest.raises(TraceError):
        run(app, tmp_path / "absent.csv", "--replicas", "1")
    bad = tmp_path / "bad.csv"
    bad.write_text("colour,taste\n1,2\n")
    with pytest.raises(TraceError):
        run(app, bad, "--replicas", "1")
