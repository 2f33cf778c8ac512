"""`--stream` and the plain way give the same bytes, whatever is asked; what can come in parts does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import taotie as tt
from taotie.compute.serving import file, source, streamed
from taotie.files import columns
from taotie.workload import chat
from taotie.workload.chat import SampledParts, chat_lengths, sampled_requests
from taotie.workload.daily_shape import single_chat_day

pytest.importorskip(
    "duckdb", reason="logs in parts are in the extra `data`, which `make test` installs"
)

SERVED = {"model": "llama-3.1-8b", "on": "1xh100", "replicas": 3}
ASKED = [
    ({"slo": "ttft=1s,tpot=50ms", "rate_scale": 2}, True),
    ({"routing": "round-robin", "draft": 3, "bin": 10}, True),
    ({"routing": "two-choices", "load_report": 2, "max_batch": 2, "replicas": 1}, True),
    ({"routing": "prefix-aware", "prefix_cache": 4096}, False),
    ({"prefill_replicas": 1}, False),
    ({"least_replicas": 1, "sampled_hours": 0.005}, False),
    ({"rate_scale": 0.5, "scale_by": "thinning"}, False),
]


@pytest.fixture
def small(monkeypatch):
    """Few requests are many, a part is short, and every column lies in a file; what came in parts."""
    came = []
    monkeypatch.setattr(streamed, "FEW", 50)
    monkeypatch.setattr(streamed, "SHORT_BYTES", 50)
    monkeypatch.setattr(columns, "IN_MEMORY", 50)
    for module in (file, source, columns):
        monkeypatch.setattr(module, "PART", 71)
    made = streamed.Source
    monkeypatch.setattr(streamed, "Source", lambda *a: came.append(1) or made(*a))
    made_of_file = file.parquet_source
    monkeypatch.setattr(file, "parquet_source", lambda *a: came.append(1) or made_of_file(*a))
    return came


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """The same log as Parquet and as text; one request is too long, some are empty."""
    from taotie.compute.serving.output import write_columns

    rng = np.random.default_rng(4)
    folder, n = tmp_path_factory.mktemp("logs"), 300
    rows = {
        "t_s": np.round(np.cumsum(rng.exponential(0.1, n)), 6),
        "prompt_tokens": rng.integers(1, 3000, n),
        "output_tokens": rng.integers(0, 40, n),
    }
    rows["prompt_tokens"][40] = 900_000
    for name in ("log.parquet", "log.csv"):
        write_columns(folder / name, rows)
    return folder


def answers(trace, **settings):
    """Both answers as bytes, less the setting itself and the clock of the machine."""
    found = []
    for stream in (False, True):
        told = tt.simulate(trace, stream=stream, **SERVED | settings).to_dict()
        told.pop("simulated_requests_per_s")
        assert told["settings"].pop("stream") is stream
        found.append(json.dumps(told))
    return found


@pytest.mark.parametrize(("settings", "in_parts"), ASKED)
def test_matches_the_plain_way(small, logs, settings, in_parts):
    plain, stream = answers(str(logs / "log.parquet"), **settings)
    assert stream == plain
    assert bool(small) is in_parts


def test_matches_the_plain_way_in_text_and_files(small, logs, tmp_path):
    words = []
    for name in ("a", "b"):
        to = {"requests_out": str(tmp_path / f"{name}.csv"), "power_out": str(tmp_path / f"{name}p.csv")}  # fmt: skip
        words.append(to)
        tt.simulate(str(logs / "log.csv"), stream=name == "b", **SERVED | to)
    for key in words[0]:
        one, other = (Path(to[key]).read_text() for to in words)
        assert one == other
        assert len(one) > 100
    assert small


def test_matches_a_sample(small):
    settings = {"per_day": 20_000, "sampled_hours": 0.6, "start_hour": 8.5, "seed": 3}
    plain, stream = answers("chat", **settings)
    assert stream == plain
    assert small
    del small[:]
    plain, stream = answers("chat", interval_cv=3, **settings)  # no independent users
    assert stream == plain
    assert not small


@pytest.mark.parametrize("start", [0.0, 7.25])
def test_matches_a_sample_drawn_at_once(start):
    how = {"shape": single_chat_day(), "start_h": start, "duration_h": 5.5}
    whole = sampled_requests(chat_lengths(), 9000.0, np.random.default_rng(8), **how)
    drawn = SampledParts(chat_lengths(), 9000.0, np.random.default_rng(8), **how)
    assert (drawn.n, drawn.span_s) == (len(whole), whole.span_s)
    for _again in range(2):
        t, prompt, output = (np.concatenate(side) for side in zip(*drawn.parts(113), strict=True))
        np.testing.assert_array_equal(t, whole.t_s)
        np.testing.assert_array_equal(prompt, whole.prompt_tokens)
        np.testing.assert_array_equal(output, whole.output_tokens)
    assert whole.said == (chat.SAMPLED,)
