"""What does metering cost? A recorder at 10 Hz over 8 boards on stand-ins; a day of 8 boards joined with a million requests.

python benchmarks/bench_meter.py [seconds of recording]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "metering"))

from meter_fakes import Board, Nvml

from taotie.metering.ledger import Ledger
from taotie.metering.nvml import NvmlSource
from taotie.metering.recorder import Recorder

T0 = 1_767_225_600


def recording(seconds: float) -> None:
    """Share of one core and memory of a recorder."""
    fake = Nvml([Board(f"GPU-{i}") for i in range(8)])
    begin = time.monotonic()

    def energy(_board):
        return int(5_000_000 + 400_000 * (time.monotonic() - begin))

    fake.nvmlDeviceGetTotalEnergyConsumption = energy
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "l.db") as ledger:
        recorder = Recorder(ledger, [NvmlSource(fake)], hz=10.0)
        cpu, wall = time.process_time(), time.monotonic()
        n = recorder.run(seconds)
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"recording 10 Hz x 8: {n} sweeps in {wall:.1f} s, {100 * cpu / wall:.2f} % of one core, {memory:.0f} MB"
    )


def day(folder: Path) -> None:
    """A day at 1 Hz of 8 boards, a million requests."""
    rng = np.random.default_rng(0)
    with (folder / "m.csv").open("w") as stream:
        stream.write("timestamp,uuid,energy_mj\n")
        energy = np.zeros(8, np.int64)
        for s in range(86_401):
            stream.write("".join(f"{T0 + s},GPU-{b},{energy[b]}\n" for b in range(8)))
            energy += rng.integers(90_000, 700_000, 8)
    n = 1_000_000
    start = np.sort(rng.uniform(0, 86_000, n))
    ttft = rng.exponential(0.5, n)
    whole = ttft + rng.exponential(10, n)
    read, written, user = (
        rng.integers(10, 8000, n),
        rng.integers(1, 900, n),
        rng.integers(0, 300, n),
    )
    with (folder / "r.csv").open("w") as stream:
        stream.write("start,ttft_s,duration_s,prompt_tokens,completion_tokens,model,user\n")
        for i in range(n):
            stream.write(
                f"{T0 + start[i]:.3f},{ttft[i]:.3f},{whole[i]:.3f},{read[i]},{written[i]},m{user[i] % 3},u{user[i]}\n"
            )
    # in a process of its own: what made these files is not counted
    done = subprocess.run(
        [sys.executable, "-c", _REPORT, str(folder)], capture_output=True, text=True, check=True
    )
    print(done.stdout, end="")


_REPORT = """
import resource, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
cpu, wall = time.process_time(), time.monotonic()
from taotie.answer.meter import meter_report
answer = meter_report([folder / "m.csv"], folder / "r.csv")
cpu, wall = time.process_time() - cpu, time.monotonic() - wall
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
own = answer.own["energy_j"]
off = own["idle"] + own["requests"] + own["unattributed"] - own["total"]
print(f"691,208 readings and 1,000,000 requests: {wall:.1f} s ({cpu:.1f} s of processor), {memory:.0f} MB, sum off by {off:.6f} J")
"""


if __name__ == "__main__":
    if "day" not in sys.argv:
        recording(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
    with tempfile.TemporaryDirectory() as place:
        day(Path(place))
