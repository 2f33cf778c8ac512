"""A service under fire, part by part: pages, interfaces, container, fuzzing, load. What fails does not stop the rest.

Each part writes its whole output into .cache/web/PART.log and one line with its figures here; the last line says which
parts failed, and the exit status is then 1. A part that gives no figures, or leaves tests out because a tool of theirs is not
installed, has failed. A part that takes longer than its limit is stopped and has failed;
`--patience 3` gives three times as long on a slow or busy machine. A run that was stopped goes on where it was: a part that
held with the same files and settings is not run again, unless it is named or `--anew` is given.

python tools/web.py [PART ...] [--patience 1] [--calls 20000] [--requests 100000] [--anew]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / ".cache" / "web"
HELD = LOGS / "held.json"
RUNNING: set[subprocess.Popen[bytes]] = set()
LOCK = Lock()
# as quiet as the project's own setting: one step more, and the line of counts is not written
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "--no-header"]
MISSING = re.compile(r"^SKIPPED \[(\d+)\] .*?: (.* is not installed.*)$", re.M)
"""Tests left out for a tool that is not there: a part of nothing but those would have shown nothing."""
EVERY = ["-m", "slow or not slow"]


@dataclass(frozen=True)
class Part:
    """One part: what is run, for how long at most, and which lines of its output are its figures."""

    name: str
    command: list[str]
    minutes: float
    figures: str

    def run(self, patience: float) -> bool:
        """Run it, say in one line what came out; whether all went well."""
        log = LOGS / f"{self.name}.log"
        files = state(self)
        began = time.monotonic()
        # its tools stand beside schemathesis; a group of its own, so that a stop reaches what it started
        environment = {**os.environ, "PATH": f"{LOGS / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        with log.open("w") as out:
            process = subprocess.Popen(
                self.command, stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, env=environment, start_new_session=True
            )  # fmt: skip
            RUNNING.add(process)
            try:
                code: int | None = process.wait(60 * self.minutes * patience)
            except subprocess.TimeoutExpired:
                for kind, wait_s in ((signal.SIGTERM, 20), (signal.SIGKILL, 20)):
                    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                        os.killpg(process.pid, kind)
                        process.wait(wait_s)
                code = None
            RUNNING.discard(process)
        took = time.monotonic() - began
        text = log.read_text(errors="replace")
        found = [m.group(0).strip("= \n") for m in re.finditer(self.figures, text, re.M)]
        wrong = _wrong(text)
        if code == 0 and (missing := left_out(text)):
            code, wrong = 1, missing
        elif code == 0 and not found:
            code = 1
        end = {0: "ok", None: f"STOPPED after {took / 60:.1f} min"}.get(code, f"FAILED ({code})")
        said = "; ".join(found) or f"no figures, see {log.relative_to(ROOT)}"
        line = f"{self.name}: {end}, {int(took // 60)} min {int(took % 60)} s: {said}"
        print(line, flush=True)
        if code == 0:
            keep(self.name, files, line)
        else:
            print("\n".join(f"    {line}" for line in wrong), flush=True)
        return code == 0


def state(part: Part) -> str:
    """What a part hangs on: every file of the project as it is, and its command; nothing where git does not say."""
    asked = ["git", "rev-parse", "HEAD"], ["git", "diff", "HEAD"], ["git", "status", "--porcelain"]
    digest = hashlib.sha256(json.dumps(part.command[1:]).encode())
    for command in asked:
        try:
            digest.update(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
        except (OSError, subprocess.CalledProcessError):
            return ""
    return digest.hexdigest()


def held() -> dict[str, list[str]]:
    """Parts that held: by name their state then, and their line."""
    try:
        found: dict[str, list[str]] = json.loads(HELD.read_text())
    except (OSError, ValueError):
        return {}
    return found


def keep(name: str, files: str, line: str) -> None:
    """Note that a part held, and with which files."""
    with LOCK:
        HELD.write_text(json.dumps(held() | {name: [files, line]}))


def stop(_number: int, _frame: object) -> None:
    """Stopped from outside: what was started stops too."""
    for process in tuple(RUNNING):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
    os._exit(130)


def left_out(text: str) -> list[str]:
    """How many tests wanted which tool that is not there.

    >>> left_out("SKIPPED [156] tests/x.py:408: playwright is not installed\\n62 passed, 156 skipped in 3.1s")
    ['156 tests left out: playwright is not installed']
    """
    wanted: dict[str, int] = {}
    for count, tool in MISSING.findall(text):
        wanted[tool] = wanted.get(tool, 0) + int(count)
    return [f"{n} tests left out: {tool}" for tool, n in wanted.items()]


def _wrong(text: str) -> list[str]:
    """What of an output says what went wrong: failed tests, else its last lines."""
    lines = [line for line in text.splitlines() if line.startswith(("FAILED ", "ERROR ", "E  "))]
    return (lines or text.splitlines()[-12:])[:40]


def lanes(calls: int, requests: int) -> list[list[list[Part]]]:
    """Rounds one after the other; in a round lanes side by side; in a lane its parts in their order.

    Tests and fuzzing each wait for their service half of the time, so that two lanes fill two processors; what is
    measured in milliseconds has the machine for itself.
    """
    counts = r"^.*\b\d+ (?:passed|failed|error).* in [\d.]+s.*$"
    bench = [sys.executable, "benchmarks/bench_serve.py"]
    load = r"^(?:most|[\d.]+ (?:short|whole) prompt/s|memory|missed).*$"
    tests = [
        Part("interfaces", [*PYTEST, *EVERY, "tests/app/api", "tests/app/mcp"], 12, counts),
        Part("pages", [*PYTEST, *EVERY, "tests/app/web"], 20, counts),
        Part(
            "container",
            [*PYTEST, "-m", "services", "tests/services/test_postgres.py", "tests/services/test_container.py"],
            8, counts,
        ),
    ]  # fmt: skip
    fuzzed = [sys.executable, "tools/fuzz_rest.py", "--calls", str(calls)]
    fuzz = Part("fuzz", [*fuzzed, "--schemathesis", str(LOGS / "bin/schemathesis")], 25, r"^(?:calls by status|errors nobody).*$")  # fmt: skip
    growth = Part("growth", [*bench, "--rate", "20", "--seconds", "1", "--grow", str(requests), "--growth", "50"], 25, r"^(?:memory|missed).*$")  # fmt: skip
    alone = [
        Part("paint", [sys.executable, "benchmarks/bench_pages.py", "--wait", "30"], 5, r"^first paint.*$"),
        Part("load", [*bench, "--rate", "200", "--seconds", "20", "--p99", "250"], 4, load),
        # how many whole answers a second fit is said, not held: one costs more than two processors give at 200
        Part("whole", [*bench, "--whole", "--rate", "50", "--seconds", "10"], 4, load),
    ]  # fmt: skip
    return [[alone], [tests, [fuzz, growth]]]


def main() -> None:
    """Run the parts asked for, or all."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [p.name for one in lanes(0, 0) for lane in one for p in lane]
    options.add_argument("part", nargs="*", help=f"of {', '.join(names)}; all without one")
    options.add_argument("--patience", type=float, default=1.0, help="times the usual limits")
    options.add_argument("--calls", type=int, default=20_000, help="calls of the fuzzer")
    options.add_argument(
        "--requests", type=int, default=100_000, help="over which memory is watched"
    )
    options.add_argument("--anew", action="store_true", help="run what held before, too")
    given = options.parse_args()
    unknown = [name for name in given.part if name not in names]
    if unknown:
        options.error(f"there is no part {unknown[0]}: {', '.join(names)}")
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    began = time.monotonic()
    failed: list[str] = []
    ran = 0

    before = {} if given.anew or given.part else held()

    def one(part: Part) -> bool:
        then, line = before.get(part.name, ("", ""))
        if then and then == state(part):
            print(f"{line} (before, with the same files)", flush=True)
            return True
        return part.run(given.patience)

    def walk(lane: list[Part]) -> list[tuple[str, bool]]:
        return [(part.name, one(part)) for part in lane if not given.part or part.name in given.part]  # fmt: skip

    for side_by_side in lanes(given.calls, given.requests):
        with ThreadPoolExecutor(len(side_by_side)) as pool:
            for done in pool.map(walk, side_by_side):
                ran += len(done)
                failed += [name for name, held in done if not held]
    minutes = (time.monotonic() - began) / 60
    print(f"{ran - len(failed)} of {ran} parts held, {minutes:.1f} min", flush=True)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
