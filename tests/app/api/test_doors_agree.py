"""The same settings give the same bytes from Python, the command line, REST and the assistant's door."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")

from fastapi.testclient import TestClient

from taotie.answer.asking import ask
from taotie.answer.asks import declared_of
from taotie.app.api.bodies import asks_by_name
from taotie.app.api.server import create_app
from taotie.app.api.service import ServiceSetup
from taotie.app.api.worker import answer_text
from taotie.errors import TaotieError

CASES: dict[str, Any] = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "cases/asks/parity.toml").read_text("utf-8")
)
NEEDS_MEASUREMENTS = ("validate serving", "validate mlenergy", "predict")
COMPILES = (
    "simulate",
    "capacity",
    "sites",
    "headroom",
    "dispatch",
    "supply",
    "run",
    "audit",
    "facility",
)
"""Left to `make accept`: a fresh process of each door would compile what they need."""
TIMINGS = {"seconds", "simulated_requests_per_s", "made_at", "wall_s"}
"""Keys that tell how long something took."""
FILES = {
    "study.toml": 'title = "small"\nsamples = 200\n[workload]\nrequests_per_day = 1e6\n'
    '[compute]\nmodel = "llama-3.1-8b"\n',
    "log.csv": "t_s,prompt_tokens,output_tokens\n"
    + "".join(f"{0.2 * i},{100 + 7 * i},{1 + 3 * (i % 40)}\n" for i in range(80)),
    "hashrate.csv": "date,hashrate_th_s,price_usd\n2024-01-01,5e8,42000\n2024-01-02,5.1e8,43000\n",
    "demand.csv": "time,A\n"
    + "".join(
        f"2023-{1 + d // 28:02d}-{1 + d % 28:02d}T{h:02d}:00:00,{1000 + 20 * h + d}\n"
        for d in range(336)
        for h in range(24)
    ),
}


def names() -> list[Any]:
    asked = {one.name: flat for flat, one in asks_by_name().items()}
    return [
        pytest.param(name, marks=pytest.mark.slow) if name in COMPILES else name
        for name, case in CASES.items()
        if name in asked and name not in NEEDS_MEASUREMENTS and not case.get("error")
    ]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    setup = ServiceSetup(folder=tmp_path_factory.mktemp("state"), workers=1)
    with TestClient(create_app(setup), base_url="http://127.0.0.1") as made:
        yield made


@pytest.fixture(scope="module")
def assistant() -> Iterator[Any]:
    """The SDK's own client at the assistant's door."""
    pytest.importorskip("mcp", reason="mcp is not installed")
    from anyio.from_thread import start_blocking_portal
    from mcp import Client

    from taotie.app.mcp.server import make_server

    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(make_server())) as made,
    ):
        yield portal, made


def without_timings(text: str) -> str:
    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: cut(v) for k, v in value.items() if k not in TIMINGS}
        return [cut(v) for v in value] if isinstance(value, list) else value

    return json.dumps(cut(json.loads(text)), ensure_ascii=False, indent=1) + "\n"


def from_python(name: str, settings: dict[str, Any]) -> str:
    return answer_text(ask(name, **settings))


@lru_cache(maxsize=1)
def commands() -> Any:
    """The whole command tree."""
    from taotie.app.cli.main import build

    return build()


def from_command(name: str, settings: dict[str, Any], capsys: Any) -> str:
    words = list(declared_of(name).words)
    for key, value in settings.items():
        one = declared_of(name).settings[key]
        for each in value if isinstance(value, list) else [value]:
            words += [str(each)] if one.first and not one.options else [one.spelled[0], str(each)]
    capsys.readouterr()
    commands().main(args=[*words, "--json"], prog_name="taotie", standalone_mode=False)
    return str(capsys.readouterr().out)


def from_rest(name: str, settings: dict[str, Any], client: TestClient) -> str:
    answer = client.post(f"/api/v1/{declared_of(name).flat}", json=settings)
    assert answer.status_code in (200, 202), answer.text
    if answer.status_code == 200:
        return answer.text
    job = answer.json()
    with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events:
        last = [line for line in events.iter_lines() if line.startswith("data: ")][-1]
    job = json.loads(last.removeprefix("data: "))
    assert job["state"] == "done", job
    return client.get(job["result"]).text


def from_assistant(name: str, settings: dict[str, Any], assistant: Any) -> str:
    portal, client = assistant
    told = portal.call(client.call_tool, declared_of(name).flat, settings)
    assert not told.is_error, told.content
    whole = portal.call(client.read_resource, told.structured_content["answer"])
    return str(whole.contents[0].text)


@pytest.mark.parametrize("name", names())
def test_property_every_door_gives_the_same_bytes(
    name: str, client: TestClient, assistant: Any, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: Any,
) -> None:  # fmt: skip
    given = CASES[name]["settings"]
    settings = {
        k: v.removeprefix("{folder}/") if isinstance(v, str) else v for k, v in given.items()
    }
    monkeypatch.setenv("TAOTIE_LANG", "en")
    monkeypatch.chdir(tmp_path)
    files = dict(FILES)
    if name == "check-label":
        label = ask("label", model="llama-3.1-8b", on="h100-sxm:1", samples=200)
        files["label.json"] = json.dumps(label.detail)
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    sent = {
        k: {"name": v, "text": files[v]} if isinstance(v, str) and v in files else v
        for k, v in settings.items()
    }
    python = without_timings(from_python(name, settings))
    assert without_timings(from_rest(name, sent, client)) == python
    assert without_timings(from_assistant(name, sent, assistant)) == python
    if name != "run":  # the command writes its pages as well, and says which
        assert without_timings(from_command(name, settings, capsys)) == python


def test_error_of_a_question_is_the_same_at_every_door(
    client: TestClient, assistant: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAOTIE_LANG", "en")
    settings = {"mw": "75 kg", "place": "ercot"}
    with pytest.raises(TaotieError) as caught:
        ask("rules", **settings)
    answer = client.post("/api/v1/rules", json=settings)
    assert answer.status_code == 422
    assert answer.json()["detail"] == caught.value.message
    assert answer.json()["hint"] == caught.value.hint
    portal, other = assistant
    told = portal.call(other.call_tool, "rules", settings)
    assert told.is_error
    assert caught.value.message in told.content[0].text
