"""A real Prometheus scrapes a page of ours and is read back: `make services`, on loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from taotie.metering.channel import Channel
from taotie.metering.export import export_text
from taotie.metering.import_file import read_meter_file
from taotie.metering.prometheus import PrometheusClient
from taotie.metering.recording import Recording
from taotie.metering.steps import Readings
from taotie.metering.window import energy_window

pytestmark = pytest.mark.services

ROOT = Path(__file__).resolve().parents[2]


def binary() -> str:
    found = os.environ.get("TAOTIE_PROMETHEUS") or shutil.which("prometheus")
    own = ROOT / ".cache" / "services" / "usr" / "bin" / "prometheus"
    if not found and own.is_file():
        found = str(own)
    if not found:
        pytest.skip("prometheus is not installed (`make services` fetches the Debian package)")
    return found


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    """A Prometheus that scrapes, each second, a page with dcgm's counter (mJ), MIG lines and our own export."""
    folder = tmp_path_factory.mktemp("prometheus")
    begin = time.time()
    told: list[tuple[float, int]] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            now = time.time()
            mj = int((now - begin) * 400_000)
            told.append((now, mj))
            own = Recording(
                (
                    Readings.of(
                        Channel("own", "mJ", vendor="nvidia", uuid="GPU-own"), [0, 10**9], [0, mj]
                    ),
                )
            )
            text = "# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter\n" + "".join(
                f'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{UUID="GPU-a",Hostname="n1",GPU_I_ID="{i}"}} {mj}\n' for i in (3, 4)
            ) + export_text(own, "prometheus")  # fmt: skip
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_a): ...

    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n"
        f"- job_name: gpu\n  honor_labels: true\n  static_configs: [{{targets: ['127.0.0.1:{server.server_port}']}}]\n"
    )
    port = free_port()
    process = subprocess.Popen(
        [binary(), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"],
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.time() + 60
        while time.time() < deadline and len(told) < 8:
            time.sleep(0.3)
        assert len(told) >= 8, "Prometheus never scraped"
        yield url, told
    finally:
        process.terminate()
        process.wait(20)
        server.shutdown()


def test_replay_raw_samples_are_the_scrapes(scraped) -> None:
    url, told = scraped
    time.sleep(1.5)
    made = PrometheusClient(url).recording(
        told[0][0] - 5, time.time(), names=["DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"]
    )
    (readings,) = made.readings
    seen = {mj for _t, mj in told}
    assert set(readings.raw.tolist()) <= {mj * 1000 for mj in seen}
    window = energy_window(readings, late_ns=10**11)
    assert window.energy_uj == int(readings.raw[-1] - readings.raw[0])
    assert window.mean_power_w == pytest.approx(400, rel=0.05)
    assert "mig_lines_are_one_board" in {s.code for s in made.said}


def test_replay_known_meters_are_found_and_our_export_comes_back(scraped) -> None:
    url, told = scraped
    client = PrometheusClient(url)
    assert {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "taotie_device_energy_joules_total"} <= set(
        client.meters()
    )
    made = client.recording(
        told[0][0] - 5, time.time(), names=["taotie_device_energy_joules_total"]
    )
    assert set(made.readings[0].raw.tolist()) <= {mj * 1000 for _t, mj in told}
    # the same by its address, as `taotie meter import` takes it
    by_address = read_meter_file(f"{url}?start={told[0][0] - 5:.3f}&end={time.time():.3f}")
    assert {"span_asked", "mig_lines_are_one_board"} <= {s.code for s in by_address.said}
    assert {r.channel.uuid for r in by_address.readings} >= {"GPU-a", "GPU-own"}


def test_replay_a_grid_repeats_and_is_told(scraped) -> None:
    """query_range answers on an even grid: the reader says so."""
    from taotie.metering.prometheus import read_answer

    url, _told = scraped
    now = time.time()
    query = f"{url}/api/v1/query_range?query=DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION&start={now - 6:.0f}&end={now:.0f}&step=1"
    with urllib.request.urlopen(query, timeout=10) as answer:
        made = read_answer(answer.read().decode())
    assert "values_on_a_grid" in {s.code for s in made.said}


def test_error_a_query_it_refuses(scraped) -> None:
    from taotie.errors import MeterError

    url, _told = scraped
    with pytest.raises(MeterError, match="answers 400"):
        PrometheusClient(url).recording(0, 10, names=["{{nonsense"])
