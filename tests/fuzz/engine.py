"""Feed spoilt inputs to a reader in this process, and say what it made of them: `python tests/fuzz/engine.py --help`.

An input is well met if the reader returns, or raises a `TaotieError`, within 5 s and 1 GB. What is not is kept in
`.cache/fuzz/` (never committed) with its number, from which it can be made again.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import time
import traceback
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mutation import mutated
from readers import READERS, Reader, made_seeds

LONGEST_S = 5.0
"""Of work: a busy machine slows every input. [s]"""
MEMORY_B = 1 << 30


class TooLong(BaseException):
    """Not an `Exception`: no reader may catch it."""


@dataclass
class Outcome:
    """What became of the inputs of one reader."""

    n: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    found: dict[str, str] = field(default_factory=dict)
    """Kind and place of an error: how to make its first input again, and its trace."""


def _stopped(_number: int, _frame: object) -> None:
    raise TooLong


def clocks(seconds: float) -> None:
    """Stop after so much work of this process, or after ten times that of waiting; 0: no longer."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)


@contextmanager
def limits():
    """5 s an input, and 1 GB of memory more than now."""
    before = signal.signal(signal.SIGALRM, _stopped), signal.signal(signal.SIGPROF, _stopped)
    old = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY_B, old[1]))
    try:
        yield
    finally:
        clocks(0)
        signal.signal(signal.SIGALRM, before[0])
        signal.signal(signal.SIGPROF, before[1])
        resource.setrlimit(resource.RLIMIT_AS, old)


def met(reader: Reader, path: Path, outcome: Outcome, name: str) -> None:
    """Give one file to a reader and note how it is met."""
    from taotie.errors import TaotieError

    started = time.perf_counter()
    outcome.n += 1
    clocks(LONGEST_S)
    try:
        reader.read(path)
    except TaotieError:
        outcome.refused += 1
    except TooLong:
        outcome.found.setdefault("hang", name)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)
        where = next((f for f in reversed(last) if "taotie" in f.filename), last[-1])
        kind = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
        outcome.found.setdefault(kind, f"{name}\n{traceback.format_exc(limit=-6)}")
    finally:
        clocks(0)
    outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - started)


def seeds_of(name: str) -> list[bytes]:
    """Valid inputs of a reader as bytes."""
    reader = READERS[name]
    if not reader.seeds:
        return made_seeds(name)
    return [s if isinstance(s, bytes) else s.encode() for s in reader.seeds]


def fuzzed(name: str, n: int, seed: int, keep: Path | None = None, until: float = 0.0) -> Outcome:
    """Spoilt inputs number 0 to `n` of one reader, or as many as fit before the time `until`."""
    reader, seeds, outcome = READERS[name], seeds_of(name), Outcome()
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / f"input{reader.ending}"
        for raw in seeds:  # imports and kernels before the limits
            path.write_bytes(raw)
            met(reader, path, outcome, f"{name} valid")
        with limits(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for i in range(n):
                if until and time.monotonic() > until:
                    break
                rng = np.random.default_rng([seed, zlib.crc32(name.encode()), i])
                raw = mutated(rng, seeds)
                path.write_bytes(raw)
                before = len(outcome.found)
                met(reader, path, outcome, f"{name} seed {seed} number {i}")
                if keep is not None and len(outcome.found) > before:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{name}-{seed}-{i}{reader.ending}").write_bytes(raw)
    return outcome


def main() -> int:
    """Run the readers named, or all; 1 if an input was not well met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="readers; all if none is named")
    parser.add_argument(
        "--inputs", type=int, default=100_000, help="inputs of all readers together"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="say which readers there are")
    options = parser.parse_args()
    if options.list:
        print(*READERS, sep="\n")
        return 0
    names = options.names or list(READERS)
    weight = sum(READERS[n].weight for n in names)
    total = wrong = 0
    for name in names:
        n = max(round(options.inputs * READERS[name].weight / weight), 1)
        started = time.monotonic()
        outcome = fuzzed(name, n, options.seed, Path(".cache/fuzz"))
        total += outcome.n
        wrong += len(outcome.found)
        print(f"{name:17} {outcome.n:8} inputs {outcome.refused:8} refused, slowest {outcome.slowest_s:.2f} s, {time.monotonic() - started:6.0f} s, {len(outcome.found)} kinds of error", flush=True)  # fmt: skip
        for kind, text in outcome.found.items():
            print(f"  {kind}: {text}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{total} inputs, {wrong} kinds of error, peak memory {peak:.2f} GB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
