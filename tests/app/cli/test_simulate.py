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
    duckdb = pytest.importorskip("duckdb", reason="Parquet logs are in the extra `data`")
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


BURST = (
    "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
    + "".join(
        f"{19440000 + 10 * i}.0,s{i % 9},3,{'GPT-4' if i % 2 else 'ChatGPT'},"
        f"{600 * (1 + i // 9)},50,{600 * (1 + i // 9) + 50},Conversation log\n"
        for i in range(90)
    )
)
FLEET = ("--on", "8xh100", "--replicas", 2, "--json")


def test_worked_layout_is_told_and_rows_are_chosen(app, tmp_path):
    path = tmp_path / "BurstGPT_3.csv"
    path.write_text(BURST)
    out = json.loads(run(app, path, *FLEET))
    assert out["completed"] == 90
    assert out["notes"][0].startswith("read as burstgpt: time from Timestamp")
    only = json.loads(run(app, path, "--only", "Model=GPT-4", "--format", "burstgpt", *FLEET))
    assert only["completed"] == 45
    cached = json.loads(run(app, path, "--session-prefix", "--prefix-cache", 1_000_000, *FLEET))
    assert cached["prefix_hit_tokens"] > 0
    assert cached["energy_j"]["prefill"] < out["energy_j"]["prefill"]
    part = json.loads(run(app, path, "--start-hour", 0.05, "--hours", 0.1, *FLEET))
    assert 30 <= part["completed"] <= 40
    assert "! read as burstgpt" in run(app, path, "--on", "8xh100", "--replicas", 2)


def test_worked_ways_to_scale(app, trace):
    words = ("--on", "8xh100", "--replicas", 2, "--json")
    plain = json.loads(run(app, trace, *words))
    fast = json.loads(run(app, trace, "--rate-scale", 2, *words))
    assert fast["completed"] == 200
    assert fast["settings"]["rate_scale"] == 2.0
    assert fast["settings"]["scale_by"] == "time"
    more = json.loads(run(app, trace, "--rate-scale", 2, "--scale-by", "copies", *words))
    assert more["completed"] == 400
    assert more["span_s"] == pytest.approx(plain["span_s"], rel=0.3)
    fewer = json.loads(run(app, trace, "--rate-scale", 0.5, "--scale-by", "thinning", *words))
    assert 70 < fewer["completed"] < 130
    assert any("chosen by chance" in note for note in fewer["notes"])
    swept = json.loads(
        run(
            app,
            trace,
            *words,
            "--scale-by",
            "copies",
            "--sweep",
            "rate=1,3",
            "--sweep",
            "max-batch=4,64",
        )
    )
    assert [row["completed"] for row in swept["sweep"]] == [200, 200, 600, 600]


def test_worked_conversations_hit_the_prefix_cache(app):
    words = ("conversations", "--per-day", 20000, "--hours", 1, "--start-hour", 9, *FLEET)
    cold = json.loads(run(app, *words))
    warm = json.loads(run(app, *words, "--prefix-cache", 10_000_000))
    assert cold["completed"] == warm["completed"] > 300
    assert cold["prefix_hit_tokens"] == 0 < warm["prefix_hit_tokens"]
    other = json.loads(
        run(app, *words, "--turns", 1, "--think", 10, "--system-prompt", 0, "--mean-prompt", 300,
            "--mean-answer", 50, "--prefix-cache", 10_000_000, "--weekend", 0.5, "--day", "flat")
    )  # fmt: skip
    assert other["prefix_hit_tokens"] == 0
    assert other["energy_j"]["prefill"] < cold["energy_j"]["prefill"]


def test_worked_bursty_chat(app):
    words = ("chat", "--per-day", 50000, "--hours", 1, "--mean-answer", 100, *FLEET)
    calm = json.loads(run(app, *words))
    bursts = json.loads(run(app, *words, "--interval-cv", 6))
    assert bursts["ttft_s"]["p99"] > calm["ttft_s"]["p99"]


def test_worked_servegen_folder_and_own_copy(app, tmp_path, monkeypatch):
    folder = tmp_path / "own" / "m-large"
    folder.mkdir(parents=True)
    (folder / "chunk-0-trace.csv").write_text("0,0.2,1.5,Gamma,0.44,11.4\n600,0.1,1,Gamma,1,10\n")
    lengths = {"input_tokens": "{200: 0.5, 900: 0.5}", "output_tokens": "{20: 1.0}"}
    (folder / "chunk-0-dataset.json").write_text(json.dumps({"0": lengths}))
    out = json.loads(run(app, folder, *FLEET))
    assert out["completed"] == 180
    assert any("independently" in note for note in out["notes"])
    monkeypatch.setenv("TAOTIE_DATA", str(tmp_path))
    assert json.loads(run(app, "servegen-large", *FLEET))["completed"] == 180
    with pytest.raises(TraceError, match="does not fetch the log burstgpt-3") as caught:
        run(app, "burstgpt-3", *FLEET)
    assert "own/BurstGPT_3.csv" in caught.value.hint


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        (("--format", "azur"), UnknownNameError, "azur"),
        (("--scale-by", "copy", "--rate-scale", "2"), UnknownNameError, "'copy'"),
        (("--scale-by", "thinning", "--rate-scale", "2"), RangeError, "only lower"),
        (("--only", "Model"), UnknownNameError, "--only"),
        (("--only", "Colour=red"), UnknownNameError, "Colour"),
        (("--session-prefix",), RangeError, "belong together"),
        (("--start-hour", "5"), RangeError, "no request falls"),
        (("--per-day", "100"), RangeError, "--per-day: not for"),
        (("--turns", "3", "--weekend", "0.5"), RangeError, "--turns, --weekend: not for"),
        (("--system-prompt", "5"), RangeError, "--system-prompt: not for"),
    ],
)
def test_error_requests(app, trace, words, error, match):
    with pytest.raises(error, match=match):
        run(app, trace, *FLEET, *words)


def test_error_names(app):
    with pytest.raises(UnknownNameError, match="conversation") as caught:
        run(app, "conversation", *FLEET)
    assert "conversations" in caught.value.hint
    with pytest.raises(RangeError, match="`conversations` needs"):
        run(app, "conversations", *FLEET)
    with pytest.raises(UnknownNameError, match="'night'"):
        run(app, "chat", "--per-day", 100, "--day", "night", *FLEET)
    with pytest.raises(RangeError, match="--think: not for chat"):
        run(app, "chat", "--per-day", 100, "--think", 5, *FLEET)
    with pytest.raises(RangeError, match="go with a log"):
        run(app, "chat", "--per-day", 100, "--strict", *FLEET)
