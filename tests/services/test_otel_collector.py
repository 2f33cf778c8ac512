"""A real OpenTelemetry collector takes what the official SDK and our own export send: `make services`, on loopback only.

The collector is rotel (a package of the Python index that ships its program; the project's own collector is in none of
the registries). What it hands on is decoded by the official `opentelemetry-proto` and read by our reader.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from taotie.metering.channel import Channel
from taotie.metering.export import export_text
from taotie.metering.otel import read_otlp
from taotie.metering.recording import Recording
from taotie.metering.steps import Readings

pytestmark = pytest.mark.services

PYTHON = Path(__file__).resolve().parents[2] / ".cache" / "services" / "otel" / "bin" / "python"
T0 = 1_767_225_600 * 10**9

SEND = """
import sys, time
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

address, watts = sys.argv[1], {"GPU-a": 400.0, "GPU-b": 250.0}
begin, counted = time.time(), {}

def energy(_options):
    for uuid, power in watts.items():
        counted[uuid] = 5000.0 + power * (time.time() - begin)
        yield Observation(counted[uuid], {"hw.id": uuid, "hw.type": "gpu"})

reader = PeriodicExportingMetricReader(OTLPMetricExporter(address), export_interval_millis=3_600_000)
made = MeterProvider([reader], resource=Resource({"host.name": "node-1"}))
made.get_meter("test").create_observable_counter("hw.energy", [energy], unit="J")
reader.force_flush()
first = dict(counted)
for _ in range(3):
    time.sleep(0.4)
    reader.force_flush()
made.shutdown()  # reads once more
print({k: counted[k] - first[k] for k in counted})
"""
DECODE = """
import sys
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest as Request
import json
for line in sys.stdin:
    print(json.dumps(MessageToDict(Request.FromString(bytes.fromhex(line)))))
"""
ENCODE = """
import sys, urllib.request
from google.protobuf.json_format import Parse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest as Request
for line in sys.stdin:
    body = Parse(line, Request()).SerializeToString()
    asked = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/x-protobuf"})
    assert urllib.request.urlopen(asked, timeout=10).status == 200
"""


def python(script: str, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [str(PYTHON), "-c", script, *arguments], input=given, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Collector:
    """Where to send, and what was handed on."""

    def __init__(self, address: str, held: list[bytes]) -> None:
        self.address, self.held = address, held

    def text(self, n_document: int) -> str:
        """What came so far as OTLP in JSON, one document a line, once so many metrics with points are there."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            text = python(DECODE, given="".join(f"{b.hex()}\n" for b in self.held))
            if text.count('"timeUnixNano"') >= n_document:
                return text
            time.sleep(0.3)
        raise AssertionError(f"the collector handed on {len(self.held)} bodies only")


@pytest.fixture
def collector(tmp_path) -> Iterator[Collector]:
    if not PYTHON.exists():
        pytest.skip("the collector is not installed (`make services` installs it)")
    program = next(PYTHON.parents[1].glob("lib/python3*/site-packages/rotel/rotel-agent"))
    held: list[bytes] = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            held.append(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    sink = HTTPServer(("127.0.0.1", 0), Sink)
    Thread(target=sink.serve_forever, daemon=True).start()
    http, grpc = free_port(), free_port()
    log = (tmp_path / "rotel.log").open("wb")
    running = subprocess.Popen(
        [
            str(program), "start", "--otlp-http-endpoint", f"127.0.0.1:{http}", "--otlp-grpc-endpoint",
            f"127.0.0.1:{grpc}", "--exporter", "otlp", "--otlp-exporter-protocol", "http",
            "--otlp-exporter-compression", "none", "--otlp-exporter-endpoint",
            f"http://127.0.0.1:{sink.server_address[1]}", "--pid-file", str(tmp_path / "rotel.pid"),
        ],
        stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "ROTEL_BATCH_TIMEOUT": "100ms"},
    )  # fmt: skip
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", http)) == 0:
                    break
            assert running.poll() is None, (tmp_path / "rotel.log").read_text()
            time.sleep(0.1)
        yield Collector(f"http://127.0.0.1:{http}/v1/metrics", held)
    finally:
        running.terminate()
        running.wait(10)
        sink.shutdown()
        log.close()


def test_matches_what_the_official_sdk_counted(collector) -> None:
    counted = json.loads(python(SEND, collector.address).replace("'", '"'))
    read = read_otlp(collector.text(10), "collector")
    joules = {w.channel.split(":")[2]: w.joules for w in read.energy_windows()}
    assert joules.keys() == counted.keys()
    for uuid, expected in counted.items():
        assert joules[uuid] == pytest.approx(expected, abs=2e-6)
    assert {c.host for c in read.channels} == {"node-1"}
    assert {c.boundary for c in read.channels} == {"device"}


def test_matches_our_own_export_through_the_collector(collector) -> None:
    gpu = Channel("gpu", "mJ", vendor="nvidia", uuid="GPU-own")
    texts = [
        export_text(Recording((Readings.of(gpu, [T0, T0 + n * 10**9], [0, n * 400_000]),)), "otel")
        for n in (60, 180)
    ]
    python(ENCODE, collector.address, given="".join(texts))
    (window,) = read_otlp(collector.text(2), "collector").energy_windows()
    assert window.joules == 120 * 400.0
    assert (window.end_ns - window.start_ns) == 120 * 10**9
