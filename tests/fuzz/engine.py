"""Feed spoilt inputs to every reader, and say what each made of them: `python tests/fuzz/engine.py --help`.

An input is well met if the reader returns, or raises a `TaotieError`, within 5 s of work and 1 GB. What is not is kept
in `.cache/fuzz/` (never committed) with its number, from which it can be made again.

Every reader has a process of its own and at least 5,000 inputs (2,000 where one takes over 4 ms); the rest is dealt out by how much there is to spoil and
how cheap an input is. What is done is kept in `.cache/fuzz/done/`: a run that was stopped goes on where it was, and a
reader whose source has changed since begins anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import mmap
import resource
import signal
import subprocess
import sys
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from mutation import grown, mutated
from readers import READERS, Reader, made_seeds

LONGEST_S = 5.0
"""Of work: a busy machine slows every input. [s]"""
MEMORY_B = 1 << 30
LEAST, LEAST_DEAR, DEAR_MS = 5_000, 2_000, 4.0
"""Inputs of a reader in a long run, and of one whose inputs are dear: Parquet, articles."""
GROWN_EACH = 500
"""Every so many inputs one is large, up to 1 MB."""
STUCK_S = 300.0
"""A process that is at the same input for so long is ended: its work is where no signal reaches. [s]"""
PLACE = Path(".cache/fuzz")


class TooLong(BaseException):
    """Not an `Exception`: no reader may catch it."""


@dataclass
class Outcome:
    """What became of the inputs of one reader."""

    n: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    slowest: str = ""
    found: dict[str, str] = field(default_factory=dict)
    """Kind and place of an error: how to make its first input again, and its trace."""
    kinds: dict[str, int] = field(default_factory=dict)
    """How often it was read, or refused with which error; `(net)`: by the guard for whatever shape a file has."""
    work_s: float = 0.0
    memory_mb: float = 0.0
    """Most memory beyond what the process had before the first input."""


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

    started = time.process_time()
    outcome.n += 1
    kind = "read"
    clocks(LONGEST_S)
    try:
        reader.read(path)
    except TaotieError as error:
        outcome.refused += 1
        kind = type(error).__name__ + (" (net)" if _by_the_net(error) else "")
    except TooLong:
        kind = "hang"
        outcome.found.setdefault(kind, name)
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)
        where = next((f for f in reversed(last) if "taotie" in f.filename), last[-1])
        kind = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
        outcome.found.setdefault(kind, f"{name}\n{traceback.format_exc(limit=-6)}")
    finally:
        clocks(0)
    outcome.kinds[kind] = outcome.kinds.get(kind, 0) + 1
    took = time.process_time() - started
    if took > outcome.slowest_s:
        outcome.slowest_s, outcome.slowest = took, name


def _by_the_net(error: BaseException) -> bool:
    """Refused by `files.read.of_others`: no check of the reader itself spoke."""
    from taotie.errors import TaotieError

    cause = error.__cause__
    return cause is not None and not isinstance(cause, TaotieError) and "holds: " in str(error)


def seeds_of(name: str) -> list[bytes]:
    """Valid inputs of a reader as bytes."""
    reader = READERS[name]
    if not reader.seeds:
        return made_seeds(name)
    return [s if isinstance(s, bytes) else s.encode() for s in reader.seeds]


def made(name: str, seeds: Sequence[bytes], seed: int, i: int) -> bytes:
    """Input number `i` of a reader."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), i])
    raw = mutated(rng, seeds)
    return grown(rng, raw) if i % GROWN_EACH == GROWN_EACH - 1 else raw


def _memory_mb(key: str) -> float:
    """Memory of this process now (VmRSS) or at most since it was last asked to forget (VmHWM)."""
    text = Path("/proc/self/status").read_text()
    return int(text.partition(f"{key}:")[2].split()[0]) / 1024


def fuzzed(
    name: str,
    n: int,
    seed: int,
    keep: Path | None = None,
    *,
    first: int = 0,
    begins: Callable[[int], None] = lambda _i: None,
    after: Callable[[int, Outcome], None] = lambda _i, _outcome: None,
) -> Outcome:
    """Spoilt inputs number `first` to `n` of one reader; what begins and what is done is told."""
    reader, seeds, outcome = READERS[name], seeds_of(name), Outcome()
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / f"input{reader.ending}"
        for raw in seeds:  # imports and kernels before the limits
            path.write_bytes(raw)
            met(reader, path, outcome, f"{name} valid")
        outcome.slowest_s, outcome.n, outcome.refused = 0.0, 0, 0
        outcome.kinds.clear()
        with limits(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            started, before = time.process_time(), _memory_mb("VmRSS")
            try:
                Path("/proc/self/clear_refs").write_text("5")
            except OSError:  # the most since the process began, then
                before = 0.0
            for i in range(first, n):
                begins(i)
                raw = made(name, seeds, seed, i)
                path.write_bytes(raw)
                found = len(outcome.found)
                met(reader, path, outcome, f"{name} seed {seed} number {i}")
                if keep is not None and len(outcome.found) > found:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{name}-{seed}-{i}{reader.ending}").write_bytes(raw)
                outcome.work_s = time.process_time() - started
                if i % 1000 == 999 or i == n - 1:
                    outcome.memory_mb = max(_memory_mb("VmHWM") - before, 0.0)
                    after(i + 1, outcome)
    return outcome


# ---- long runs -------------------------------------------------------------------------------


def dealt(names: Sequence[str], total: int, least: int = LEAST) -> dict[str, int]:
    """Inputs of each reader: the least of all, and the rest by weight over cost."""
    dear = {n: READERS[n].ms > DEAR_MS for n in names}
    at_least = {n: min(LEAST_DEAR if dear[n] else least, total // (2 * len(names))) for n in names}
    share = {n: READERS[n].weight / READERS[n].ms for n in names}
    rest = max(total - sum(at_least.values()), 0) / sum(share.values())
    return {n: at_least[n] + math.ceil(rest * share[n]) for n in names}


def _source_of(files: Sequence[str]) -> str:
    """Hash of source files; empty if one is gone."""
    found = hashlib.sha256()
    for name in files:
        try:
            found.update(Path(name).read_bytes())
        except OSError:
            return ""
    return found.hexdigest()


def _seeds_hash(name: str) -> str:
    reader = READERS[name]
    return hashlib.sha256(repr((reader.ending, reader.seeds)).encode()).hexdigest()


def _done_of(name: str, seed: int) -> dict:
    """What an earlier run kept of a reader, if its source is still the same."""
    try:
        kept = json.loads((PLACE / "done" / f"{name}-{seed}.json").read_text())
    except (OSError, ValueError):
        return {}
    same = kept["seeds"] == _seeds_hash(name) and kept["source"] == _source_of(kept["files"])
    return kept if same else {}


def _keep(name: str, seed: int, kept: dict) -> None:
    place = PLACE / "done" / f"{name}-{seed}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    aside = place.with_suffix(".new")
    aside.write_text(json.dumps(kept))
    aside.replace(place)


def _merged(old: dict, new: Outcome) -> dict:
    """Counts of both; the slowest and the largest of either."""
    one = asdict(new)
    if not old:
        return one
    slowest = max((one, old), key=lambda o: o["slowest_s"])
    return {
        "n": old["n"] + one["n"], "refused": old["refused"] + one["refused"],
        "slowest_s": slowest["slowest_s"], "slowest": slowest["slowest"],
        "found": {**one["found"], **old["found"]},
        "kinds": dict(Counter(old["kinds"]) + Counter(one["kinds"])),
        "work_s": old["work_s"] + one["work_s"],
        "memory_mb": max(old["memory_mb"], one["memory_mb"]),
    }  # fmt: skip


def child(name: str, n: int, seed: int, place: Path) -> None:
    """Fuzz one reader up to input `n`, from where it was left; the number of the input it is at stands in `place`."""
    old = _done_of(name, seed)
    first, before = old.get("next", 0), old.get("outcome", {})
    with place.open("r+b") as stream, mmap.mmap(stream.fileno(), 8) as at:

        def begins(i: int) -> None:
            at[:] = i.to_bytes(8, "little")

        def after(i: int, outcome: Outcome) -> None:
            files = sorted(
                m.__file__
                for k, m in list(sys.modules.items())
                if k.partition(".")[0] == "taotie" and getattr(m, "__file__", None)
            )
            files = [*files, str(Path(__file__).with_name("mutation.py"))]
            _keep(name, seed, {"next": i, "outcome": _merged(before, outcome), "files": files, "source": _source_of(files), "seeds": _seeds_hash(name)})  # fmt: skip

        fuzzed(name, n, seed, PLACE, first=first, begins=begins, after=after)


class _Running:
    """A process at work on a reader."""

    def __init__(self, name: str, n: int, seed: int, folder: Path) -> None:
        self.name, self.n, self.seed = name, n, seed
        self.place = folder / name
        self.place.write_bytes(bytes(8))
        words = [sys.executable, __file__, "--child", str(self.place), "--inputs", str(n), "--seed", str(seed), name]  # fmt: skip
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL)
        self.at, self.since = -1, time.monotonic()

    def ended(self) -> bool:
        """Whether it is through; one that is stuck is ended."""
        now = int.from_bytes(self.place.read_bytes(), "little")
        if now != self.at:
            self.at, self.since = now, time.monotonic()
        elif time.monotonic() - self.since > STUCK_S:
            self.process.kill()
        return self.process.poll() is not None

    def fell(self) -> bool:
        """Note the input at which it died, and whether the rest is still to be done."""
        if self.process.returncode == 0:
            return False
        kept = _done_of(self.name, self.seed)
        outcome = kept.get("outcome") or asdict(Outcome())
        kind = f"process ended with {self.process.returncode}"
        outcome["found"].setdefault(kind, f"{self.name} seed {self.seed} number {self.at}")
        raw = made(self.name, seeds_of(self.name), self.seed, self.at)
        (PLACE / f"{self.name}-{self.seed}-{self.at}{READERS[self.name].ending}").write_bytes(raw)
        outcome["n"] += max(self.at + 1 - kept.get("next", 0), 0)
        files = kept.get("files", [str(Path(__file__).with_name("mutation.py"))])
        _keep(self.name, self.seed, {"next": self.at + 1, "outcome": outcome, "files": files, "source": _source_of(files), "seeds": _seeds_hash(self.name)})  # fmt: skip
        return self.at + 1 < self.n


HEAD = f"{'reader':17} {'inputs':>8} {'read':>7} {'refused':>8} {'by net':>7} {'errors':>6} {'slowest':>8} {'memory':>7} {'work':>6}"


def row(name: str, o: dict) -> str:
    """One line of the table."""
    net = sum(v for k, v in o["kinds"].items() if k.endswith("(net)"))
    return f"{name:17} {o['n']:8} {o['kinds'].get('read', 0):7} {o['refused']:8} {net:7} {len(o['found']):6} {o['slowest_s']:6.2f} s {o['memory_mb']:4.0f} MB {o['work_s']:4.0f} s"  # fmt: skip


def long_run(names: Sequence[str], total: int, seed: int, least: int, processes: int) -> int:
    """Every reader up to its share; 1 if an input was not well met."""
    share = dealt(names, total, least)
    waiting = sorted(names, key=lambda n: -share[n] * READERS[n].ms)  # the long ones first
    running: list[_Running] = []
    print(HEAD, flush=True)
    with TemporaryDirectory(dir=gettempdir()) as folder:
        try:
            while waiting or running:
                while waiting and len(running) < processes:
                    name = waiting.pop(0)
                    if _done_of(name, seed).get("next", 0) < share[name]:
                        running.append(_Running(name, share[name], seed, Path(folder)))
                    else:
                        _told(name, seed)
                time.sleep(0.2)
                for one in [r for r in running if r.ended()]:
                    running.remove(one)
                    if one.fell():
                        waiting.insert(0, one.name)
                    else:
                        _told(one.name, seed)
        finally:
            for one in running:
                one.process.kill()
    every = [_done_of(n, seed).get("outcome", asdict(Outcome())) for n in names]
    wrong = sum(len(o["found"]) for o in every)
    kinds = sum((Counter(o["kinds"]) for o in every), Counter())
    print(f"{sum(o['n'] for o in every)} inputs of {len(names)} readers, {sum(o['work_s'] for o in every) / 60:.1f} min of processor, {wrong} kinds of error, slowest {max(o['slowest_s'] for o in every):.2f} s, largest {max(o['memory_mb'] for o in every):.0f} MB")  # fmt: skip
    print(", ".join(f"{kind} {n}" for kind, n in kinds.most_common()))
    return 1 if wrong else 0


def _told(name: str, seed: int) -> None:
    outcome = _done_of(name, seed).get("outcome", asdict(Outcome()))
    print(row(name, outcome), flush=True)
    for kind, text in outcome["found"].items():
        print(f"  {kind}: {text}", flush=True)


def main() -> int:
    """Run the readers named, or all; 1 if an input was not well met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("names", nargs="*", help="readers; all if none is named")
    parser.add_argument("--inputs", type=int, default=100_000, help="inputs of all readers together")  # fmt: skip
    parser.add_argument("--least", type=int, default=LEAST, help="inputs that every reader gets")
    parser.add_argument("--processes", type=int, default=1, help="readers at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="say which readers there are")
    parser.add_argument("--make", type=int, metavar="I", help="write input number I of a reader to standard output")  # fmt: skip
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.names or list(READERS)
    if options.list:
        print(*READERS, sep="\n")
    elif options.make is not None:
        sys.stdout.buffer.write(made(names[0], seeds_of(names[0]), options.seed, options.make))
    elif options.child:
        child(names[0], options.inputs, options.seed, options.child)
    else:
        return long_run(names, options.inputs, options.seed, options.least, options.processes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
