"""How many small faults in a room no test notices, on a seeded sample drawn with mutmut's own operators.

    python tools/mutants.py --rooms study answer policy --sample 120 --seed 1

All mutants of three rooms are tens of thousands; a room's share of survivors is therefore estimated
from a sample drawn alike over its mutants, with a 90 % interval (Wilson). mutmut names the mutants; only
those drawn are made and run, each in a process of its own, with the tests that run the statement it is in. A fault
that no test even reaches counts as a survivor; one that never ends counts as noticed, and one that only changes a
message, since the check of messages in `make test` fails with it. Prints one line a room and writes the survivors to
`.cache/mutants/survivors.txt`, each with what it changes. Exit 1 where a room's share lies above `--most`.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import hashlib
import importlib
import json
import os
import pkgutil
import random
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from pathlib import Path
from typing import Any

SOURCE = Path("src/taotie")
KEPT = Path(".cache/mutants")
TESTS = (
    "tests/study", "tests/answer", "tests/policy", "src/taotie/study", "src/taotie/answer", "src/taotie/policy",
)  # fmt: skip
"""What of the suite is asked: the tests of the rooms and their examples. Those of doors, pages and other rooms would notice more."""
ARGUMENTS = (
    "-q", "-p", "no:cacheprovider", "--no-header", "--import-mode=importlib", "--doctest-modules", "-m", "not slow and not services",
)  # fmt: skip
ALIVE, NOTICED, NO_TEST, STUCK = "alive", "noticed", "no test", "never ends"
Z90 = 1.645
PROCESSES = int(os.environ.get("TAOTIE_PROCESSES", "2"))


@dataclass(frozen=True)
class Mutant:
    """One small fault: a file as it would be."""

    name: str
    path: str
    lines: tuple[int, ...]
    """Of the statement it is in."""
    source: str
    change: str
    """The lines that go and come."""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """90 % interval of a share seen `hits` times in `n` (both counts), E. B. Wilson 1927.

    >>> low, high = wilson(15, 100)
    >>> round(low, 3), round(high, 3)
    (0.101, 0.217)
    """
    share, spread = hits / n, Z90**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z90 * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return middle - half, middle + half


# ------------------------------------------------------------------ the mutants


def _mutations(path: str) -> tuple[Any, dict[str, Any]]:
    """A file as a tree, and its mutations by the names mutmut gives them."""
    from mutmut.mutation import file_mutation as made
    from mutmut.mutation.trampoline_templates import mangle_function_name
    from mutmut.utils.format_utils import get_mutant_name

    module, mutations, _classes, _functions = made.create_mutations(
        path, Path(path).read_text("utf-8")
    )
    by_function = made.group_by_top_level_node(mutations)
    found = {}
    for holder, function in _functions_of(module):
        for i, mutation in enumerate(by_function.get(function, ())):
            mangled = mangle_function_name(name=function.name.value, class_name=holder)
            found[get_mutant_name(Path(path), f"{mangled}__mutmut_{i + 1}")] = mutation
    return module, found


def _functions_of(module: Any) -> list[tuple[str | None, Any]]:
    """Functions of a file and methods of its classes, with the class."""
    import libcst as cst

    found: list[tuple[str | None, Any]] = []
    for one in module.body:
        if isinstance(one, cst.FunctionDef):
            found.append((None, one))
        elif isinstance(one, cst.ClassDef) and isinstance(one.body, cst.IndentedBlock):
            inner = [m for m in one.body.body if isinstance(m, cst.FunctionDef)]
            found += [(one.name.value, m) for m in inner]
    return found


def names_in(path: str) -> list[str]:
    """Names of all mutants of a file; kept, since naming them takes longer than all else."""
    text = Path(path).read_bytes()
    kept = KEPT / "names" / f"{hashlib.sha256(path.encode() + text).hexdigest()[:24]}.json"
    if kept.exists():
        return json.loads(kept.read_text("utf-8"))
    names = list(_mutations(path)[1])
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(names), "utf-8")
    return names


def mutants_of(asked: tuple[str, tuple[str, ...]]) -> list[Mutant]:
    """The mutants of a file that were drawn."""
    from mutmut.mutation.file_mutation import deep_replace

    path, names = asked
    before = Path(path).read_text("utf-8")
    module, mutations = _mutations(path)
    made = []
    for name in names:
        one = mutations[name]
        after = deep_replace(module, one.original_node, one.mutated_node).code
        rows = [r for r in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="") if r[:3] not in ("---", "+++")]  # fmt: skip
        changed = [int(n) for r in rows for n in re.findall(r"^@@ -(\d+)", r)]
        change = "\n".join(r for r in rows if not r.startswith("@@"))
        made.append(Mutant(name, path, _statement(before, changed[0] if changed else 0), after, change))  # fmt: skip
    return made


def _statement(text: str, line: int) -> tuple[int, ...]:
    """Lines of the innermost statement that holds a line; of a compound one its head, of a function's head all of it."""
    import ast

    best: tuple[int, int] | None = None
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.stmt) or not node.lineno <= line <= (node.end_lineno or 0):
            continue
        body = getattr(node, "body", None)
        first, last = node.lineno, node.end_lineno or node.lineno
        if body and isinstance(body, list) and not isinstance(node, ast.FunctionDef | ast.ClassDef):
            last = max(first, body[0].lineno - 1) if line < body[0].lineno else last
        if best is None or last - first <= best[1] - best[0]:
            best = first, last
    return tuple(range(best[0], best[1] + 1)) if best else (line,)


def drawn(rooms: list[str], sample: int, seed: int) -> tuple[dict[str, list[Mutant]], dict[str, int]]:  # fmt: skip
    """The sample of each room, and of how many it is."""
    found, of = {}, {}
    with ProcessPoolExecutor(PROCESSES) as pool:
        for room in rooms:
            files = sorted(str(p) for p in (SOURCE / room).rglob("*.py"))
            file_of = {n: f for f, names in zip(files, pool.map(names_in, files), strict=True) for n in names}  # fmt: skip
            chosen = random.Random(seed).sample(sorted(file_of), min(sample, len(file_of)))
            by_file = defaultdict(list)
            for name in chosen:
                by_file[file_of[name]].append(name)
            asked = [(f, tuple(n)) for f, n in by_file.items()]
            found[room] = [m for made in pool.map(mutants_of, asked) for m in made]
            of[room] = len(file_of)
    return found, of


# ------------------------------------------------------------------ which test runs which line


class Reach:
    """Tells a coverage measurement which test is at work; what a shared fixture runs counts for all tests of its file."""

    def __init__(self, measured: Any) -> None:
        self.measured = measured
        self.now = ""
        self.took: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.now = nodeid
        self.measured.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.took[report.nodeid] = self.took.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        if fixturedef.scope == "function":
            return (yield)
        self.measured.switch_context("file:" + self.now.partition("::")[0])
        try:
            return (yield)
        finally:
            self.measured.switch_context(self.now)


def learn(tests: list[str], kept: Path) -> int:
    """Run tests once, and write down which of them runs which line, and how long each takes."""
    import coverage
    import pytest

    Reach.pytest_fixture_setup = pytest.hookimpl(wrapper=True)(Reach.pytest_fixture_setup)  # type: ignore[method-assign]
    measured = coverage.Coverage(
        data_file=None, source=[str(SOURCE / room) for room in ("study", "answer", "policy")], config_file=False, messages=False,
    )  # fmt: skip
    told = Reach(measured)
    measured.start()
    pytest.main([*ARGUMENTS, *tests], plugins=[told])
    measured.stop()
    data = measured.get_data()
    lines = {
        str(Path(file).relative_to(Path.cwd())): data.contexts_by_lineno(file)
        for file in data.measured_files()
    }
    kept.write_text(
        json.dumps({"took": told.took, "failed": sorted(told.failed), "lines": lines}), "utf-8"
    )
    return 0


def learned(tests: list[str]) -> dict[str, Any]:
    """What `learn` finds, of each folder or file in a process of its own, two at a time."""
    reach: dict[str, Any] = {"took": {}, "failed": [], "lines": {}}
    waiting = [(one, KEPT / f"reach-{i}.json") for i, one in enumerate(tests)]
    with ThreadPoolExecutor(PROCESSES) as pool, (KEPT / "log.txt").open("wb") as log:
        list(pool.map(lambda job: subprocess.run(
            [sys.executable, __file__, "--learn", job[0], str(job[1])], stdout=log, stderr=subprocess.STDOUT, check=True
        ), waiting))  # fmt: skip
    for _one, kept in waiting:
        part = json.loads(kept.read_text("utf-8"))
        kept.unlink()
        reach["took"] |= part["took"]
        reach["failed"] += part["failed"]
        for file, lines in part["lines"].items():
            for line, contexts in lines.items():
                reach["lines"].setdefault(file, {}).setdefault(line, []).extend(contexts)
    return reach


def tests_of(mutant: Mutant, reach: dict[str, Any]) -> list[str]:
    """The tests that run its statement, quick ones first."""
    lines = reach["lines"].get(mutant.path, {})
    contexts = {c for n in mutant.lines for c in lines.get(str(n), ()) if c}
    files = {c.removeprefix("file:") for c in contexts if c.startswith("file:")}
    took = {t: s for t, s in reach["took"].items() if t not in reach["failed"]}
    found = [t for t in took if t in contexts or t.partition("::")[0] in files]
    return sorted(found, key=took.__getitem__)


# ------------------------------------------------------------------ one mutant


def tried(mutant: Mutant, tests: list[str], limit_s: float) -> str:
    """What the tests say to a mutant, in a process of its own."""
    if not tests:
        return NO_TEST
    child = os.fork()
    if not child:
        code = 70
        try:
            code = _in_child(mutant, tests)
        finally:
            os._exit(code)
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return ALIVE if os.waitstatus_to_exitcode(status) == 0 else NOTICED
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return STUCK


def _in_child(mutant: Mutant, tests: list[str]) -> int:
    from importlib.machinery import SourceFileLoader

    import pytest

    os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    target, whole = Path(mutant.path).resolve(), SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> Any:
        if Path(self.path).resolve() == target:
            return compile(mutant.source, self.path, "exec")
        return whole(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    # pytest loads a file whose examples it runs by a loader of its own, which would pass the mutant by
    return int(pytest.main([*ARGUMENTS, "--assert=plain", "-x", *tests]))


def _warm() -> None:
    """Load what no mutant touches: the rooms below and what tests lean on."""
    import taotie

    for room in ("words", "files", "quantity", "metering", "hardware", "workload", "compute", "facility", "fleet", "grid"):  # fmt: skip
        with contextlib.suppress(ImportError):
            package = importlib.import_module(f"taotie.{room}")
            for one in pkgutil.walk_packages(package.__path__, f"taotie.{room}."):
                with contextlib.suppress(ImportError):
                    importlib.import_module(one.name)
    for name in ("pytest", "hypothesis", "scipy.optimize", "scipy.sparse", "altair", "typer.testing", "starlette.testclient", "jsonschema"):  # fmt: skip
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    touched = [m for m in sys.modules if m.startswith(("taotie.study", "taotie.answer", "taotie.policy"))]  # fmt: skip
    assert not touched, f"{touched[0]} was loaded before its mutants; {taotie.__name__} imports it"


def _several(mutants: list[Mutant], reach: dict[str, Any]) -> dict[str, str]:
    """What became of the mutants, tried one after the other."""
    _warm()
    found = {}
    for one in mutants:
        tests = tests_of(one, reach)
        took = sum(reach["took"][t] for t in tests)
        found[one.name] = tried(one, tests, 120 + 8 * took)
    return found


# ------------------------------------------------------------------ the count


def changes_a_message(mutant: Mutant) -> bool:
    """Does a mutant only change words that are translated? `tools/messages.py check`, a part of `make test`, fails then."""
    before, after = (
        " ".join(line[1:] for line in mutant.change.splitlines() if line.startswith(sign))
        for sign in "-+"
    )
    gone, come = (set(re.findall(r'"((?:[^"\\]|\\.)*)"', text)) for text in (before, after))
    gone, come = gone - come, come - gone
    if len(gone) != 1 or len(come) != 1:
        return False
    was, now = gone.pop(), come.pop()
    spoken = " " in was or re.search(rf'_\(\s*"{re.escape(was)}"', before) is not None
    spoilt = now in (f"XX{was}XX", was.lower(), was.upper())
    return spoken and spoilt and any(was in message for message in translated())


@lru_cache(maxsize=1)
def translated() -> frozenset[str]:
    """Every message of the source."""
    from messages import extracted

    return frozenset(extracted())


def main() -> int:
    """Draw, run, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", nargs="+", default=["study", "answer", "policy"])
    parser.add_argument("--sample", type=int, default=120, help="mutants drawn a room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=0.15, help="share of survivors allowed")
    parser.add_argument("--reuse", action="store_true", help="which test runs what is known from a run before")  # fmt: skip
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="folders and files that are asked")  # fmt: skip
    parser.add_argument("--learn", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    if asked.learn:
        return learn([asked.learn[0]], Path(asked.learn[1]))
    if not (asked.reuse and (KEPT / "reach.json").exists()):
        (KEPT / "reach.json").write_text(json.dumps(learned(asked.tests)), "utf-8")
    reach = json.loads((KEPT / "reach.json").read_text("utf-8"))
    for one in reach["failed"]:
        print(f"left out, since it fails without a fault too: {one}", file=sys.stderr)
    sample, of = drawn(asked.rooms, asked.sample, asked.seed)

    every = [m for mutants in sample.values() for m in mutants]
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [pool.submit(_several, every[i::PROCESSES], reach) for i in range(PROCESSES)]
        became = {name: told for part in parts for name, told in part.result().items()}

    over, survivors = False, []
    for room, mutants in sample.items():
        alive = [m for m in mutants if became[m.name] in (ALIVE, NO_TEST)]
        words = [m for m in alive if changes_a_message(m)]
        alive = [m for m in alive if m not in words]
        low, high = wilson(len(alive), len(mutants))
        share = len(alive) / len(mutants)
        unreached = sum(became[m.name] == NO_TEST for m in alive)
        print(
            f"{room}: {len(alive)} of {len(mutants)} survive, {share:.0%} [{low:.0%}, {high:.0%}]"
            f" of {of[room]} mutants (seed {asked.seed}); {unreached} of them no test runs;"
            f" {len(words)} more change a message, which the check of messages notices",
            flush=True,
        )
        over |= share > asked.most
        survivors += [f"{m.name} ({became[m.name]})\n{m.change}\n" for m in alive]
    (KEPT / "survivors.txt").write_text("\n".join(survivors), encoding="utf-8")
    return int(over)


if __name__ == "__main__":
    raise SystemExit(main())
