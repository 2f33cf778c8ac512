"""A recorder over a stand-in, which tells each sweep that is kept. Run by the tests, and killed by them."""

from __future__ import annotations

import sys
import time

from taotie.metering.channel import Channel, Reading
from taotie.metering.ledger import Ledger
from taotie.metering.recorder import Recorder


class Counter:
    """Eight boards that count milliseconds."""

    vendor = "stand-in"

    def open(self):
        return [Channel(f"gpu{i}", "mJ", uuid=f"GPU-{i}") for i in range(8)]

    def read(self):
        mono, wall = time.monotonic_ns(), time.time_ns()
        return [Reading(f"gpu{i}", mono, wall, mono // 1000 + i) for i in range(8)]

    def close(self): ...


if __name__ == "__main__":
    with Ledger(sys.argv[1]) as ledger:
        recorder = Recorder(ledger, [Counter()], hz=100.0, hours=False)

        def told(n: int) -> None:
            sys.stdout.write(f"{n}\n")
            sys.stdout.flush()

        recorder._on_commit = told
        recorder.run(seconds=float(sys.argv[2]))
