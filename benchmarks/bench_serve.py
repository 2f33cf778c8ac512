"""How many questions a second does a service answer, how late is the slowest, and does its memory grow?

`prompt` requests arrive at a fixed rate whatever the service does (an open loop), every one with settings of its own, so
no answer is one that was kept. Latency counts from the instant a request was due. Everything runs on loopback.

python benchmarks/bench_serve.py [--rate 200] [--seconds 20] [--samples 10000] [--workers 2] [--grow 0] [--whole] [--seeds]
    [--p99 250] [--growth 50]

With `--p99` or `--growth` the exit status says whether that bar held.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

WHOLE = False
"""Ask for curve, drivers and tree too."""
SEEDS = False
"""Give every request a seed of its own, so that nothing drawn is drawn again."""


def body(number: int, samples: int) -> bytes:
    """Settings that no other request has."""
    settings = {
        "tokens_in": 100 + number % 4001,
        "tokens_out": 50 + number // 4001 + number % 13,
        "samples": samples,
        "brief": not WHOLE,
    }
    if SEEDS:
        settings["seed"] = number
    return json.dumps(settings).encode()


class Line:
    """One kept-alive connection."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, content: bytes) -> int:
        """Send one request, read its answer to the end; the status."""
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        assert self.reader is not None
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        self.writer.write(head.encode() + content)
        await self.writer.drain()
        status = int((await self.reader.readline()).split()[1])
        length = 0
        while (line := await self.reader.readline()) not in (b"\r\n", b""):
            name, _sep, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        await self.reader.readexactly(length)
        return status


async def loaded(
    host: str, port: int, rate: float, seconds: float, samples: int, lines: int, first: int
) -> tuple[np.ndarray, dict[int, int], float]:
    """Latencies of an open loop, statuses, and how long it took."""
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(lines):
        free.put_nowait(Line(host, port))
    late: list[float] = []
    statuses: dict[int, int] = {}
    began = time.perf_counter()

    async def one(number: int) -> None:
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        line = await free.get()
        try:
            status = await line.post("/api/v1/prompt", body(first + number, samples))
        finally:
            free.put_nowait(line)
        late.append(time.perf_counter() - due)
        statuses[status] = statuses.get(status, 0) + 1

    await asyncio.gather(*(one(i) for i in range(int(rate * seconds))))
    return np.array(late), statuses, time.perf_counter() - began


async def closed(host: str, port: int, count: int, samples: int, lines: int, first: int) -> float:
    """Requests a second when each line sends its next as soon as it has its answer."""
    began = time.perf_counter()
    numbers = iter(range(count))

    async def work() -> None:
        line = Line(host, port)
        for number in numbers:
            await line.post("/api/v1/prompt", body(first + number, samples))

    await asyncio.gather(*(work() for _ in range(lines)))
    return count / (time.perf_counter() - began)


def busy_s(pid: int) -> tuple[float, float]:
    """Processor time of a process, and of its children. [s]"""

    def of(one: int) -> float:
        fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return of(pid), sum(of(int(child)) for child in children)


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its children. [MB]"""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":", 1) for line in path.read_text().splitlines() if ":" in line
            )
        except OSError:
            continue
        if int(fields["Pid"]) == pid or int(fields["PPid"]) == pid:
            total += int(fields.get("VmRSS", "0 kB").split()[0]) / 1024
    return total


def wait_ready(address: str, workers: int) -> None:
    """Wait until every process takes questions: one that still starts would be measured with those that answer."""
    for _ in range(3000):
        with suppress(OSError), urllib.request.urlopen(address) as told:
            if json.load(told)["workers"] >= workers:
                return
        time.sleep(0.2)
    sys.exit("the service did not get ready")


def main() -> None:
    """Start a service of its own, load it, say what was measured."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rate", type=float, default=200.0)
    options.add_argument("--seconds", type=float, default=20.0)
    options.add_argument("--samples", type=int, default=10_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--lines", type=int, default=256)
    options.add_argument(
        "--grow", type=int, default=0, help="requests over which memory is watched"
    )
    options.add_argument("--whole", action="store_true", help="ask for curve, drivers and tree too")
    options.add_argument("--seeds", action="store_true", help="a seed of its own for every request")
    options.add_argument("--p99", type=float, help="bar of latency; every answer must be 200 [ms]")
    options.add_argument("--growth", type=float, help="bar of memory grown [MB]")
    given = options.parse_args()
    missed: list[str] = []
    global WHOLE, SEEDS
    WHOLE, SEEDS = given.whole, given.seeds
    with tempfile.TemporaryDirectory() as folder:
        service = subprocess.Popen(
            [sys.executable, "-m", "taotie", "serve", "--port", "0", "--folder", f"{folder}/state",
             "--rate", "0", "--quiet", "--workers", str(given.workers), "--seconds", "600"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ), cwd=folder,
        )  # fmt: skip
        try:
            assert service.stdout is not None
            address = urlsplit(service.stdout.readline().split()[-1])
            host, port = str(address.hostname), int(address.port or 0)
            wait_ready(f"http://{host}:{port}/healthz", given.workers)
            asyncio.run(closed(host, port, 40, given.samples, 4, 10**6))
            was = busy_s(service.pid)
            most = asyncio.run(closed(host, port, 200, given.samples, 8, 2 * 10**6))
            own, theirs = (
                1e3 * (a - b) / 200 for a, b in zip(busy_s(service.pid), was, strict=True)
            )
            print(
                f"most, 8 lines at once: {most:.1f} prompt/s of {given.samples} samples, {given.workers} workers; "
                f"processor time of one: {own:.1f} ms in the service, {theirs:.1f} ms in its worker",
                flush=True,
            )
            late, statuses, took = asyncio.run(
                loaded(host, port, given.rate, given.seconds, given.samples, given.lines, 3 * 10**6)
            )
            p50, p99 = np.percentile(1000 * late, (50, 99))
            print(
                f"{given.rate:g} {'whole' if WHOLE else 'short'} prompt/s for {given.seconds:g} s: p50 {p50:.0f} ms, p99 {p99:.0f} ms, "
                f"statuses {statuses}, {len(late) / took:.1f} a second answered"
            )
            if given.p99 is not None and not (p99 <= given.p99 and set(statuses) == {200}):
                missed.append(f"p99 {p99:.0f} ms of {given.p99:g}, statuses {statuses}")
            if given.grow:
                before = rss_mb(service.pid)
                speed = asyncio.run(closed(host, port, given.grow, 100, 8, 4 * 10**6))
                after = rss_mb(service.pid)
                print(
                    f"memory over {given.grow} requests of 100 samples ({speed:.0f}/s): "
                    f"{before:.0f} to {after:.0f} MB, {after - before:+.0f} MB"
                )
                if given.growth is not None and after - before > given.growth:
                    missed.append(f"grew by {after - before:.0f} MB of {given.growth:g}")
        finally:
            service.terminate()
            service.wait(30)
    sys.exit("missed: " + "; ".join(missed) if missed else 0)


if __name__ == "__main__":
    main()
