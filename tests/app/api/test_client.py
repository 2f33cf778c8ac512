"""The typed client: in step with the questions, and what it does at a real service."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")
pytest.importorskip("uvicorn", reason="uvicorn is not installed")

from taotie.app.api.client import Client, ServiceError

ROOT = Path(__file__).resolve().parents[3]


def test_property_every_question_has_its_method_as_written() -> None:
    """`python tools/api_client.py` writes them anew."""
    pytest.importorskip("ruff", reason="ruff is not installed")
    done = subprocess.run(
        [sys.executable, "tools/api_client.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real service in a thread of this process."""
    import socket
    import threading
    import time

    import uvicorn

    from taotie.app.api.server import create_app
    from taotie.app.api.service import ServiceSetup

    setup = ServiceSetup(folder=tmp_path_factory.mktemp("state"), workers=1)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(setup), log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_worked_ask_job_upload_and_error(service: str, tmp_path: Path) -> None:
    client = Client(service, language="zh")
    answer = client.rules(mw="75 MW", place="ercot")
    assert answer["settings"]["mw"] == 75.0
    job = client.begin("train", accelerators=1000, hours=24, samples=200)
    assert job.wait()["ask"] == "train"
    assert [one["state"] for one in job.events()][-1] == "done"
    assert job.cancel()["state"] == "done"
    rates = tmp_path / "rates.csv"
    rates.write_text("date,hashrate_th_s,price_usd\n2024-01-01,5e8,42000\n")
    assert client.upload(rates)["name"] == "rates.csv"
    with pytest.raises(ServiceError, match="质量") as caught:
        client.prompt(tokens_in="3 kg")
    assert caught.value.status == 422
    with pytest.raises(ServiceError):
        Client("file:///etc/passwd")
    with pytest.raises(ServiceError, match="reached"):
        Client("http://127.0.0.1:9").rules(mw=1, place="eu")
