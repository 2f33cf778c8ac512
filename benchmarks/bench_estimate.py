"""What does one estimate cost, from Python? Side by side with EcoLogits in one run, turn by turn.

python benchmarks/bench_estimate.py [--runs 7] [--calls 40] [--peer PYTHON]

Processor time of one call with settings that no other call has, after one that is not counted. Of EcoLogits: energy and four
other impacts of one answer, as ranges of two ends. Of taotie: the answer with value and range (10,000 draws) of its
seven figures; then also curve, drivers and tree, as JSON; then rows of `taotie.prompts`. The peer is installed from PyPI
into .cache/peers unless its Python is named.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import taotie as tt

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "peers" / "ecologits"
SETUP = {"model": "llama-3.1-8b", "on": "h100-sxm:1"}


def peer_python(given: str) -> str:
    """A Python that has EcoLogits."""
    if given:
        return given
    python = CACHE / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(CACHE)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", "ecologits"], check=True)
    return str(python)


def estimate(number: int) -> None:
    """Every figure of an answer with its range."""
    answer = tt.prompt(**SETUP, tokens_in=100 + number, tokens_out=50 + number % 7)
    for figure in answer.figures.values():
        figure.value  # noqa: B018 - the range is worked out


def known(number: int) -> None:
    """The same with a given batch."""
    answer = tt.prompt(**SETUP, tokens_in=100 + number, tokens_out=50 + number % 7, batch=32)
    for figure in answer.figures.values():
        figure.value  # noqa: B018


def brief(number: int) -> None:
    """The short answer as JSON."""
    json.dumps(tt.prompt(**SETUP, tokens_in=100 + number, brief=True).to_dict())


def whole(number: int) -> None:
    """The answer with curve, drivers and tree, as JSON."""
    json.dumps(tt.prompt(**SETUP, tokens_in=100 + number).to_dict())


def many(number: int) -> None:
    """A thousand rows at once, known batch, 100 draws each."""
    lengths = 100 + number + np.arange(1000)
    tt.prompts(lengths, 300, batch=32, **SETUP)


def seconds(work: Callable[[int], None], first: int, calls: int) -> float:
    """Processor time of one call."""
    began = time.process_time()
    for number in range(first, first + calls):
        work(number)
    return (time.process_time() - began) / calls


def main() -> None:
    """Measure in turns, print medians and their ratio."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--calls", type=int, default=40)
    options.add_argument("--peer", default="")
    options.add_argument("--json", action="store_true", help="seconds of each run, nothing else")
    given = options.parse_args()
    peer = subprocess.Popen(
        [peer_python(given.peer), str(HERE / "peers" / "ecologits_peer.py"), str(given.runs), str(10 * given.calls)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert peer.stdin is not None
    assert peer.stdout is not None
    every = (estimate, known, brief, whole, many)
    for work in every:
        work(0)
    found: dict[str, list[float]] = {"ecologits": [], **{w.__name__: [] for w in every}}
    for run in range(given.runs):
        found["ecologits"].append(float(json.loads(peer.stdout.readline())))
        for work in every:
            calls = max(2, given.calls // 8) if work in (whole, many) else given.calls
            found[work.__name__].append(seconds(work, 1 + 10_000 * run, calls))
        peer.stdin.write("\n")
        peer.stdin.flush()
    peer.wait(30)
    if given.json:
        print(json.dumps(found))
        return
    base = statistics.median(found["ecologits"])
    for name, times in found.items():
        middle = statistics.median(times)
        each = f", {1e3 * middle:.1f} us a row" if name == "many" else ""
        print(
            f"{name:10} {1e3 * middle:8.3f} ms [{1e3 * min(times):.3f} to {1e3 * max(times):.3f}], "
            f"{middle / base:6.1f} x EcoLogits{each}"
        )


if __name__ == "__main__":
    main()
