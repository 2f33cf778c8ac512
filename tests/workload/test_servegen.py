"""ServeGen's clients: rates, bursts and lengths come out as published; damaged files are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taotie.errors import RangeError, TaotieError, TraceError
from taotie.workload import trace_servegen
from taotie.workload.scaling import interval_variation
from taotie.workload.servegen import sampled_servegen
from taotie.workload.trace import read_trace
from taotie.workload.trace_servegen import read_conversations, read_servegen

# the published layout (time, rate, variation, pattern, two parameters; lengths in a string), values made up
TRACE_0 = "0,2.0,1.0,Gamma,1.0,0.5\n600,0,0,,0,0\n1200,1.0,2.0,Gamma,0.25,4.0\n1800,0.5,0.8,Weibull,1.3,1.5\n"
DATA_0 = {
    "0": {"input_tokens": "{10: 0.5, 20: 0.5}", "output_tokens": "{3: 1.0}"},
    "600": {"input_tokens": "{}", "output_tokens": "{}"},
    "1200": {"input_tokens": "{100: 1.0}", "output_tokens": "{7: 0.25, 9: 0.75}"},
}
TRACE_1 = "0,0.1,1.0,Gamma,1.0,10.0\n600,0.1,1.0,Gamma,1.0,10.0\n1200,0,0,,0,0\n1800,0,0,,0,0\n"
DATA_1 = {
    "0": {
        "input_tokens": "{1000: 1.0}",
        "output_tokens": "{500: 1.0}",
        "reason_ratio": "{0.0: 0.0, 0.5: 1.0}",
    }
}
IMAGES = {
    "0": {
        "text_tokens": "{10: 1.0}",
        "output_tokens": "{5: 1.0}",
        "image_count": "{0: 0.5, 2: 0.5}",
        "image_tokens": "{100: 1.0}",
        "audio_count": "{0: 1.0}",
        "audio_tokens": "{0: 1.0}",
        "video_count": "{0: 1.0}",
        "video_tokens": "{0: 1.0}",
    },
    "1200": dict.fromkeys(
        [f"{m}_{what}" for m in ("image", "audio", "video") for what in ("count", "tokens")]
        + ["text_tokens", "output_tokens"],
        "{0: 1.0}",  # nothing was asked
    ),
}


def service(folder: Path, clients: dict[int, tuple[str, object]]) -> Path:
    for number, (trace, data) in clients.items():
        (folder / f"chunk-{number}-trace.csv").write_text(trace)
        (folder / f"chunk-{number}-dataset.json").write_text(json.dumps(data, indent=2))
    return folder


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return service(tmp_path, {0: (TRACE_0, DATA_0), 1: (TRACE_1, DATA_1)})


def test_worked_windows_have_the_published_requests(two: Path) -> None:
    pool = read_servegen(two)
    assert pool.span_s == 2400
    assert pool.mean_rate_per_s() == pytest.approx((1200 + 600 + 300 + 120) / 2400)
    got = sampled_servegen(pool, np.random.default_rng(1))
    assert len(got) == 1200 + 600 + 300 + 120
    first_of_all = 2400.0 - got.span_s
    by_window = np.histogram(got.t_s + first_of_all, bins=[0, 600, 1200, 1800, 2400])[0]
    assert by_window.tolist() == [1260, 60, 600, 300]
    assert got.notes[0].startswith("sampled")
    assert "independently" in got.notes[1]


def test_worked_lengths_are_those_of_the_window(two: Path) -> None:
    got = sampled_servegen(read_servegen(two), np.random.default_rng(2))
    assert set(got.prompt_tokens) == {10, 20, 100, 1000}
    assert (got.prompt_tokens == 1000).sum() == 120
    assert (got.prompt_tokens[got.output_tokens == 3] <= 20).all()
    late = got.output_tokens[got.prompt_tokens == 100]
    assert (late == 7).mean() == pytest.approx(0.25, abs=0.05)


def test_worked_bursts_of_a_window_are_kept(tmp_path: Path) -> None:
    windows = "".join(f"{600 * i},2.0,4.0,Gamma,0.0625,8.0\n" for i in range(40))
    folder = service(tmp_path, {3: (windows, DATA_0)})
    got = sampled_servegen(read_servegen(folder), np.random.default_rng(0))
    assert interval_variation(got.t_s) == pytest.approx(4.0, rel=0.1)
    assert len(got) == 40 * 1200


def test_worked_images_add_to_the_prompt(tmp_path: Path) -> None:
    got = sampled_servegen(
        read_servegen(service(tmp_path, {0: (TRACE_0, IMAGES)})), np.random.default_rng(0)
    )
    assert set(got.prompt_tokens) == {10, 210}
    assert set(got.output_tokens) == {5}  # a window of nothing has the lengths of the one before


def test_worked_part_and_rate(two: Path) -> None:
    pool = read_servegen(two)
    part = sampled_servegen(pool, np.random.default_rng(3), start_h=0.25, duration_h=0.25)
    assert len(part) == 30 + 600  # 900 s to 1800 s
    wanted = sampled_servegen(pool, np.random.default_rng(3), requests_per_day=8_640_000)
    assert len(wanted) == pytest.approx(240_000, rel=1e-3)


def test_worked_clients_without_lengths_are_left_out_and_told(tmp_path: Path) -> None:
    empty = {"0": {"input_tokens": "{}", "output_tokens": "{}"}}
    pool = read_servegen(service(tmp_path, {0: (TRACE_0, DATA_0), 5: (TRACE_1, empty)}))
    assert [client.number for client in pool.clients] == [0]
    assert pool.said[0].text("en") == "1 clients without lengths of requests left out"


def test_matches_published_rates_of_a_day(shared_data: Path, tmp_path: Path) -> None:
    """One client made of a service's summed rates of a day gives that day's requests, window by window."""
    rows = (shared_data / "traces" / "servegen_rates.csv").read_text().splitlines()[1:145]
    rates = np.array([float(row.split(",")[2]) for row in rows]) / 100  # a hundredth is enough
    lines = "".join(f"{600 * i},{r},1.0,Gamma,1.0,{1 / r}\n" for i, r in enumerate(rates))
    pool = read_servegen(service(tmp_path, {0: (lines, DATA_0)}))
    assert pool.mean_rate_per_s() == pytest.approx(rates.mean())
    got = sampled_servegen(pool, np.random.default_rng(0))
    counts = np.histogram(got.t_s + 86_400 - got.span_s, bins=np.arange(145) * 600)[0]
    np.testing.assert_allclose(counts, 600 * rates, atol=1)


@pytest.mark.parametrize(
    ("trace", "data", "message"),
    [
        ("", DATA_0, r"chunk-0-trace\.csv is empty"),
        ("0,1\n", DATA_0, "line 1: 2 columns instead of 6"),
        ("0,x,1,Gamma,1,1\n", DATA_0, "line 1: not a number"),
        ("0,-1,1,Gamma,1,1\n", DATA_0, "line 1: a time or rate is negative"),
        ("0,nan,1,Gamma,1,1\n", DATA_0, "line 1: a time or rate is negative"),
        ("0,1,1,Pareto,1,1\n", DATA_0, "intervals are 'Pareto', neither Gamma nor Weibull"),
        ("0,1,1,Gamma,0,1\n", DATA_0, r"the shape 0\.0 of the intervals is not above 0"),
        ("600,1,1,Gamma,1,1\n0,1,1,Gamma,1,1\n", DATA_0, "not in order of time"),
        (TRACE_0, [1], "is not a JSON object"),
        (TRACE_0, {"soon": {}}, "'soon' is not a time"),
        (TRACE_0, {"0": {"input_tokens": "{}"}}, "no input_tokens or no output_tokens"),
        (
            TRACE_0,
            {"0": {"input_tokens": "{1: 0.5}", "output_tokens": "{1: 1.0}"}},
            "not a distribution",
        ),
        (
            TRACE_0,
            {"0": {"input_tokens": "{-1: 1.0}", "output_tokens": "{1: 1.0}"}},
            "not a distribution",
        ),
        (
            TRACE_0,
            {"0": {"input_tokens": "__import__('os')", "output_tokens": "{1: 1.0}"}},
            "not a distribution",
        ),
        (TRACE_0, {"0": {"input_tokens": {"1": 1}, "output_tokens": "{}"}}, "not a distribution"),
        (TRACE_0, {"0": {"input_tokens": "{}", "output_tokens": "{}"}}, "no client has lengths"),
    ],
)
def test_error_damaged_clients(tmp_path: Path, trace: str, data: object, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        read_servegen(service(tmp_path, {0: (trace, data)}))


def test_error_folders(tmp_path: Path, two: Path) -> None:
    with pytest.raises(TraceError, match="is not a folder"):
        read_servegen(two / "chunk-0-trace.csv")
    (tmp_path / "language" / "m-large").mkdir(parents=True)
    with pytest.raises(TraceError, match="holds no client") as caught:
        read_servegen(tmp_path / "language")
    assert "m-large" in caught.value.hint
    pool = read_servegen(two)
    with pytest.raises(RangeError, match="lies outside"):
        sampled_servegen(pool, np.random.default_rng(0), start_h=9.0)
    with pytest.raises(RangeError, match="too many to list"):
        sampled_servegen(pool, np.random.default_rng(0), requests_per_day=1e12)
    with pytest.raises(RangeError, match="no request falls"):
        sampled_servegen(pool, np.random.default_rng(0), requests_per_day=-1.0)
    (two / "chunk-0-dataset.json").unlink()
    with pytest.raises(TraceError, match=r"chunk-0-dataset\.json cannot be read"):
        read_servegen(two)


@given(
    which=st.sampled_from(["trace", "data"]),
    cut=st.integers(0, 300),
    edits=st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=4)), max_size=4),
)
def test_property_damaged_clients_give_a_service_or_a_named_error(
    tmp_path_factory: pytest.TempPathFactory,
    which: str,
    cut: int,
    edits: list[tuple[int, bytes]],
) -> None:
    folder = service(tmp_path_factory.mktemp("t"), {0: (TRACE_0, DATA_0)})
    place = folder / ("chunk-0-trace.csv" if which == "trace" else "chunk-0-dataset.json")
    raw = bytearray(place.read_bytes()[: cut or None])
    for at, new in edits:
        raw[at : at + len(new)] = new
    place.write_bytes(bytes(raw))
    try:
        pool = read_servegen(folder)
        got = sampled_servegen(pool, np.random.default_rng(0), max_requests=100_000)
    except TaotieError:
        return
    assert (got.prompt_tokens >= 1).all()
    assert (np.diff(got.t_s) >= 0).all()


TURN = {
    "turn": 0,
    "timestamp": 1739635200,
    "input_token_count": 1000,
    "output_token_count": 200,
    "input_tokens": [5, 6],
    "output_tokens": [7],
}


def test_worked_conversations(tmp_path: Path) -> None:
    later = {**TURN, "turn": 1, "timestamp": 1739635260.5, "input_token_count": 1300}
    other = {**TURN, "timestamp": 1739635210, "output_token_count": 0}
    path = tmp_path / "conversations_hashed.json"
    path.write_text(json.dumps([[TURN, later], [other]]))
    got = read_trace(path)
    assert got.t_s.tolist() == [0, 60.5]
    assert got.session is not None
    assert got.session.tolist() == [0, 0]
    assert got.notes == ("1 requests without prompt or answer left out",)
    assert got.layout is not None
    assert "servegen-conversations" in got.layout.text("en")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "not a JSON list"),
        ("[]", "holds no request"),
        ("[[{}]]", "conversation 0: a turn lacks timestamp"),
        (json.dumps([[{**TURN, "timestamp": "soon"}]]), "not a time and two lengths"),
        (json.dumps([[{**TURN, "input_token_count": -1}]]), "not a time and two lengths"),
        (json.dumps([[{**TURN, "input_token_count": 0}]]), "every request in it is empty"),
        ("[[", "is not JSON"),
    ],
)
def test_error_conversations(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "conversations_hashed.json"
    path.write_text(content)
    with pytest.raises(TraceError, match=message):
        read_conversations(path)


def test_error_limits(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_servegen, "MAX_CLIENTS", 1)
    with pytest.raises(TraceError, match="holds 2 clients; at most 1"):
        read_servegen(two)
    monkeypatch.setattr(trace_servegen, "MAX_CLIENTS", 2)
    monkeypatch.setattr(trace_servegen, "MAX_FILE_BYTES", 50)
    with pytest.raises(TraceError, match="above the limit"):
        read_servegen(two)
