"""How many small faults in a room no test notices, on a seeded sample drawn with mutmut's own operators.

    python tools/mutants.py --rooms study answer policy cells --sample 120 --seed 1

All mutants of three rooms are tens of thousands; a room's share of survivors is therefore estimated
from a sample drawn alike over its mutants, with a 90 % interval (Wilson). `cells` is no folder but the code that makes
what a command or a page prints as a cell (`CELLS`). mutmut names the mutants; only
those drawn are made and run, each in a process of its own, with the tests that run the statement it is in, the quick
ones first, as long as they take less than `--longest` in all. A fault
that no test even reaches counts as a survivor; one that never ends counts as noticed, and one that only changes a
message or a name programs read, since the checks of messages and of names in `make test` fail with it. Those that mypy refuses, which `make test` runs too, are
counted apart. Prints one line a room and writes the survivors to
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
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from math import sqrt
from pathlib import Path
from typing import Any

SOURCE = Path("src/taotie")
KEPT = Path(".cache/mutants")
TESTS = (
    "tests/answer", "tests/study", "tests/policy", "tests/app/cli", "tests/app/pages",
    "tests/app/test_same_words.py", "tests/app/test_printed_numbers.py", "tests/app/test_printed_cells.py", "tests/app/api/test_doors_agree.py", "tests/app/api/test_rest.py",
    "tests/app/mcp", "tests/app/forms", "tests/app/charts", "tests/audit", "tests/metering", "tests/words", "tests/quantity/test_wording.py",
    "tests/quantity/test_figure_views.py", "tests/fleet/test_on_record.py", "tests/test_core.py", "tests/test_where.py", "tests/test_package.py",
    "src/taotie/study", "src/taotie/answer", "src/taotie/policy", "src/taotie/words", "src/taotie/app", "src/taotie/quantity/wording.py",
)  # fmt: skip
"""What of the suite is asked: the tests of the rooms and their examples, and those of doors, pages, words and the rooms
that ask through them. Tests of physics, of the grid's own code and of the web service are not."""
CELLS: dict[str, tuple[str, ...]] = {
    "quantity/wording.py": (
        "number", "_rounded", "within", "_at", "ends", "middle_text", "mean_text", "ranges_in", "texts_of_ranges", "percent", "readable", "kind_word", "boundary_word", "bound_word", "bound_text", "certain_text", "tiny_share",
        "middle_and_range", "value_text", "text",
    ),
    "quantity/unit_word.py": (),
    "words/said.py": (),
    "words/plain.py": (),
    "answer/answer.py": (
        "Column.shown", "Table.column", "Table.without", "Table.records", "Table.to_dict",
        "Answer.shown", "row_of", "plain",
    ),
    "answer/fleet.py": ("_number",),
    "answer/label.py": ("_cell",),
    "app/cells.py": (),
    "app/cli/shown.py": (),
    "app/mcp/account.py": (),
    "app/forms/rows.py": ("sheet_of",),
    "app/charts/picture.py": ("DataTable.shown", "DataTable.numeric", "amount", "range_text", "span_text", "sentences", "median_text", "cell_text",
        "csv_cell", "dot", "cut",),
    "app/charts/simulation_charts.py": ("duration_text", "percent"),
    "app/charts/grid_numbers.py": ("case_name", "listed", "named", "span", "mw_text", "class_words", "way_name"),
    "app/pages/headline.py": ("tile", "_percent", "_headline_sentence", "_place"),
    "app/pages/answer_page.py": ("shown_table",),
    "app/pages/tables.py": ("default_rows", "file_rows", "source_row"),
    "app/pages/simulation_tables.py": ("_count", "_part", "_option_text"),
    "app/pages/tied.py": (),
}  # fmt: skip
"""Code that makes a printed cell: a number rounded, its unit, its range, its words, the cells of a table. () is all of a file."""
ROOMS = ("study", "answer", "policy")
ARGUMENTS = (
    "-q", "-p", "no:cacheprovider", "--no-header", "--import-mode=importlib", "--doctest-modules", "-m", "not slow and not services",
)  # fmt: skip
NONE_RAN = 5
"""How pytest exits where no test was left to run."""
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
    once: bool = False
    """Its function keeps what it found."""


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


def of_room(room: str) -> dict[str, tuple[str, ...]]:
    """The files of a room, each with the functions whose mutants are drawn; () is all of them."""
    if room == "cells":
        return {str(SOURCE / file): functions for file, functions in CELLS.items()}
    return {str(p): () for p in sorted((SOURCE / room).rglob("*.py"))}


def names_of(asked: tuple[str, tuple[str, ...]]) -> list[str]:
    """Names of the mutants of some functions of a file."""
    from mutmut.mutation.trampoline_templates import mangle_function_name

    path, functions = asked
    names = names_in(path)
    if not functions:
        return names
    wanted = set()
    for one in functions:
        holder, dot, name = one.rpartition(".")
        wanted.add(mangle_function_name(name=name, class_name=holder if dot else None))
    of = {n: n.rpartition(".")[2].partition("__mutmut_")[0] for n in names}
    missing = wanted - set(of.values())
    if missing:
        print(f"{path}: no mutants of {', '.join(sorted(missing))}", file=sys.stderr)
    return [n for n in names if of[n] in wanted]


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
    """The mutants of a file that were drawn; kept, for a run that goes on."""
    from mutmut.mutation.file_mutation import deep_replace

    path, names = asked
    before = Path(path).read_text("utf-8")
    kept = KEPT / "names" / f"{hashlib.sha256(repr((before, *asked)).encode()).hexdigest()[:24]}.made.json"  # fmt: skip
    if kept.exists():
        return [Mutant(**{**one, "lines": tuple(one["lines"])}) for one in json.loads(kept.read_text("utf-8"))]  # fmt: skip
    module, mutations = _mutations(path)
    made = []
    for name in names:
        one = mutations[name]
        after = deep_replace(module, one.original_node, one.mutated_node).code
        rows = [r for r in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="") if r[:3] not in ("---", "+++")]  # fmt: skip
        changed = [int(n) for r in rows for n in re.findall(r"^@@ -(\d+)", r)]
        change = "\n".join(r for r in rows if not r.startswith("@@"))
        line = changed[0] if changed else 0
        made.append(
            Mutant(name, path, _statement(before, line), after, change, _kept(before, line))
        )
    kept.write_text(json.dumps([asdict(one) for one in made]), "utf-8")
    return made


def _kept(text: str, line: int) -> bool:
    """Does a function that holds a line keep what it found (`lru_cache`, `cached_property`)?"""
    import ast

    return any(
        isinstance(node, ast.FunctionDef)
        and node.lineno <= line <= (node.end_lineno or 0)
        and any("cache" in ast.unparse(d) for d in node.decorator_list)
        for node in ast.walk(ast.parse(text))
    )


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
            files = of_room(room)
            file_of = {n: f for f, names in zip(files, pool.map(names_of, files.items()), strict=True) for n in names}  # fmt: skip
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
        data_file=None, config_file=False, messages=False,
        include=[*(str(SOURCE / room / "*") for room in ROOMS), *(str(SOURCE / file) for file in CELLS)],
    )  # fmt: skip
    told = Reach(measured)
    measured.start()
    pytest.main([*ARGUMENTS, *tests], plugins=[told])
    measured.stop()
    data = measured.get_data()
    files = {str(Path(file).relative_to(Path.cwd())): file for file in data.measured_files()}
    lines = {name: data.contexts_by_lineno(file) for name, file in files.items()}
    source = {name: Path(file).read_text("utf-8") for name, file in files.items()}
    found = {"took": told.took, "failed": sorted(told.failed), "lines": lines, "source": source}
    kept.write_text(json.dumps(found), "utf-8")
    return 0


def learned(tests: list[str], reuse: bool) -> list[dict[str, Any]]:
    """What `learn` finds, of each folder or file in a process of its own, two at a time; with `reuse` what is kept is not run again."""
    (KEPT / "reach").mkdir(exist_ok=True)
    kept = {one: KEPT / "reach" / f"{one.replace('/', '_')}.json" for one in tests}
    waiting = [(one, path) for one, path in kept.items() if not (reuse and path.exists())]
    with ThreadPoolExecutor(PROCESSES) as pool, (KEPT / "log.txt").open("wb") as log:
        list(pool.map(lambda job: subprocess.run(
            [sys.executable, __file__, "--learn", job[0], str(job[1])], stdout=log, stderr=subprocess.STDOUT, check=True
        ), waiting))  # fmt: skip
    return [json.loads(path.read_text("utf-8")) for path in kept.values()]


@lru_cache(maxsize=256)
def _moved(path: str, before: str) -> dict[int, list[int]]:
    """Lines of a file as it is to those of the file that the tests ran, where it was changed since."""
    now = Path(path).read_text("utf-8").splitlines()
    then = before.splitlines()
    found: dict[int, list[int]] = {}
    for _what, a, b, c, d in difflib.SequenceMatcher(None, then, now, autojunk=False).get_opcodes():
        same = b - a == d - c
        for n in range(c, d):
            found[n + 1] = [a + n - c + 1] if same else [*range(a + 1, b + 1)] or [a, a + 1]
    return found


def _then(path: str, before: str, lines: tuple[int, ...]) -> set[int]:
    """Where lines of a file were when the tests ran."""
    moved = _moved(path, before) if before else {}
    return {n for line in lines for n in moved.get(line, [line])}


def tests_of(mutant: Mutant, reach: list[dict[str, Any]], longest_s: float) -> list[str]:
    """The tests that run its statement, quick ones first, as many as take `longest_s` in all.

    What runs once in a process, when its module is loaded or because it is kept, is seen with one test only: there the
    tests of all of its file are asked as well.
    """
    took = {t: s for part in reach for t, s in part["took"].items()}
    took = {t: s for t, s in took.items() if not any(t in part["failed"] for part in reach)}

    def reached_by(contexts: set[str]) -> list[str]:
        files = {c.removeprefix("file:") for c in contexts if c.startswith("file:")}
        found = [t for t in took if t in contexts or t.partition("::")[0] in files]
        return sorted(found, key=took.__getitem__)

    seen: set[str] = set()
    everywhere: set[str] = set()
    for part in reach:
        lines = part["lines"].get(mutant.path, {})
        at = _then(mutant.path, part["source"].get(mutant.path, ""), mutant.lines)
        seen.update(c for n in at for c in lines.get(str(n), ()))
        everywhere.update(c for found in lines.values() for c in found)
    found = reached_by(seen - {""})
    if mutant.once or ("" in seen and not found):
        every = reached_by(everywhere - {""})
        found += [t for t in every if t not in set(found)]
    kept, s = [], 0.0
    for one in found:
        s += took[one]
        if s > longest_s and kept:
            break
        kept.append(one)
    return kept


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
            return {0: ALIVE, NONE_RAN: NO_TEST}.get(os.waitstatus_to_exitcode(status), NOTICED)
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
    Asked.pytest_collection_modifyitems = pytest.hookimpl(trylast=True)(
        Asked.pytest_collection_modifyitems
    )  # type: ignore[method-assign]
    target, whole = Path(mutant.path).resolve(), SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> Any:
        if Path(self.path).resolve() == target:
            return compile(mutant.source, self.path, "exec")
        return whole(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
    # pytest loads a file whose examples it runs by a loader of its own, which would pass the mutant by
    files = dict.fromkeys(t.partition("::")[0] for t in tests)
    return int(pytest.main([*ARGUMENTS, "--assert=plain", "-x", *files], plugins=[Asked(tests)]))


class Asked:
    """Of the tests of some files those that are asked, in the order in which they are asked."""

    def __init__(self, tests: list[str]) -> None:
        self.rank = {name: i for i, name in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = sorted((i for i in items if i.nodeid in self.rank), key=lambda i: self.rank[i.nodeid])  # fmt: skip


def _warm(mutants: list[Mutant]) -> None:
    """Load what no mutant touches: the rooms below, unless words or figures are touched, and what tests lean on."""
    below = all(m.path.startswith(tuple(str(SOURCE / room) for room in ROOMS)) for m in mutants)
    for room in ("words", "files", "quantity", "metering", "hardware", "workload", "compute", "facility", "fleet", "grid") if below else ():  # fmt: skip
        with contextlib.suppress(ImportError):
            package = importlib.import_module(f"taotie.{room}")
            for one in pkgutil.walk_packages(package.__path__, f"taotie.{room}."):
                with contextlib.suppress(ImportError):
                    importlib.import_module(one.name)
    for name in ("pytest", "hypothesis", "numpy", "numba", "pint", "rich.table", "jinja2", "scipy.optimize", "scipy.sparse", "altair", "typer.testing", "starlette.testclient", "jsonschema"):  # fmt: skip
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    touched = [m for m in sys.modules if m.startswith("taotie.")]
    touched = [m for m in touched if m.startswith(tuple(f"taotie.{room}" for room in ROOMS)) or not below]  # fmt: skip
    assert not touched, f"{touched[0]} was loaded before its mutants"


def _several(
    mutants: list[Mutant], reach: list[dict[str, Any]], longest_s: float, known: dict[str, str]
) -> dict[str, str]:
    """What became of the mutants, tried one after the other; those known from a run that was cut short are not tried again."""
    _warm(mutants)
    found = {}
    for one in mutants:
        digest = f"{one.name} {hashlib.sha256(one.source.encode()).hexdigest()[:16]}"
        if digest not in known:
            tests = tests_of(one, reach, longest_s)
            took = sum(part["took"].get(t, 0.0) for part in reach for t in tests)
            known[digest] = tried(one, tests, 120 + 8 * took)
            with (KEPT / "so_far.txt").open("a") as told:
                told.write(f"{digest} {known[digest]}\n")
        found[one.name] = known[digest]
    return found


# ------------------------------------------------------------------ the count


def changes_a_message(mutant: Mutant) -> bool:
    """Does a mutant only change words that are translated? `tools/messages.py check`, a part of `make test`, fails then."""
    before, after = (
        " ".join(line[1:] for line in mutant.change.splitlines() if line.startswith(sign))
        for sign in "-+"
    )
    gone, come = (Counter(re.findall(r'"((?:[^"\\]|\\.)*)"', text)) for text in (before, after))
    gone, come = gone - come, come - gone
    if gone.total() != 1 or come.total() != 1:
        return False
    (was,), (now,) = gone, come
    spoken = " " in was or re.search(rf'_\(\s*"{re.escape(was)}"', before) is not None
    spoilt = now in (f"XX{was}XX", was.lower(), was.upper())
    return spoken and spoilt and any(was in message for message in translated())


@lru_cache(maxsize=1)
def translated() -> frozenset[str]:
    """Every message of the source."""
    from messages import extracted

    return frozenset(extracted())


def loses_a_name(mutant: Mutant) -> bool:
    """Is a name that programs read gone from its room? The test of names reads the source, so it is asked here."""
    import pin_names

    path = Path(mutant.path)
    room = path.relative_to(SOURCE).parts[0]
    if room not in pin_names.ROOMS:
        return False
    others = sum((_names_of(p) for p in (SOURCE / room).rglob("*.py") if p != path), Counter())
    return bool(pin_names.pinned()[room] - (others + pin_names.names_in(mutant.source)))


def changes_words(mutant: Mutant) -> bool:
    """Does a check that reads the source notice it, where no test that runs it can?"""
    return changes_a_message(mutant) or loses_a_name(mutant)


@cache
def _names_of(path: Path) -> Counter[str]:
    import pin_names

    return pin_names.names_in(path.read_text("utf-8"))


def refused_by_types(mutants: list[Mutant]) -> set[str]:
    """Names of those that mypy, a part of `make test`, refuses: one of each file at a time, all files together."""
    waiting: dict[str, list[Mutant]] = defaultdict(list)
    for one in mutants:
        waiting[one.path].append(one)
    refused = set()
    shadows = KEPT / "shadow"
    shadows.mkdir(exist_ok=True)
    while any(waiting.values()):
        now = {path: ms.pop() for path, ms in waiting.items() if ms}
        options = []
        for i, (path, one) in enumerate(now.items()):
            (shadows / f"{i}.py").write_text(one.source, "utf-8")
            options += ["--shadow-file", path, str(shadows / f"{i}.py")]
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--cache-dir", str(KEPT / "mypy"), "--no-error-summary", *options],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        wrong = {line.partition(":")[0] for line in done.stdout.splitlines() if ": error:" in line}
        refused |= {one.name for path, one in now.items() if path in wrong}
    return refused


def main() -> int:
    """Draw, run, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", nargs="+", default=[*ROOMS, "cells"])
    parser.add_argument("--sample", type=int, default=120, help="mutants drawn a room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=0.15, help="share of survivors allowed; of printed cells none")  # fmt: skip
    parser.add_argument("--longest", type=float, default=60.0, help="seconds of tests asked about a mutant at most")  # fmt: skip
    parser.add_argument("--reuse", action="store_true", help="which test runs what is known from a run before")  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with a run that was cut short")
    parser.add_argument("--tests", nargs="+", default=list(TESTS), help="folders and files that are asked")  # fmt: skip
    parser.add_argument("--learn", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    if asked.learn:
        return learn([asked.learn[0]], Path(asked.learn[1]))
    reach = learned(asked.tests, asked.reuse)
    for one in (name for part in reach for name in part["failed"]):
        print(f"left out, since it fails without a fault too: {one}", file=sys.stderr)
    sample, of = drawn(asked.rooms, asked.sample, asked.seed)

    every = [m for mutants in sample.values() for m in mutants]
    known = {}
    if asked.resume and (KEPT / "so_far.txt").exists():
        lines = (KEPT / "so_far.txt").read_text().splitlines()
        known = {" ".join(line.split(" ", 2)[:2]): line.split(" ", 2)[2] for line in lines}
    else:
        (KEPT / "so_far.txt").unlink(missing_ok=True)
    became = {}
    for cells in (
        False,
        True,
    ):  # fresh processes for cells: words and figures are not loaded before them
        several = [m for room, ms in sample.items() for m in ms if (room == "cells") is cells]
        # tried in no order, so that what a run got to before it was cut short is a sample too
        random.Random(asked.seed).shuffle(several)
        with ProcessPoolExecutor(PROCESSES) as pool:
            parts = [pool.submit(_several, several[i::PROCESSES], reach, asked.longest, known) for i in range(PROCESSES)]  # fmt: skip
            became |= {name: told for part in parts for name, told in part.result().items()}
    every = [m for m in every if became[m.name] in (ALIVE, NO_TEST) and not changes_words(m)]
    refused = refused_by_types(every)

    over, survivors = False, []
    for room, mutants in sample.items():
        alive = [m for m in mutants if became[m.name] in (ALIVE, NO_TEST)]
        words = [m for m in alive if changes_words(m)]
        alive = [m for m in alive if m not in words]
        low, high = wilson(len(alive), len(mutants))
        share = len(alive) / len(mutants)
        unreached = sum(became[m.name] == NO_TEST for m in alive)
        print(
            f"{room}: {len(alive)} of {len(mutants)} survive, {share:.0%} [{low:.0%}, {high:.0%}]"
            f" of {of[room]} mutants (seed {asked.seed}); {unreached} of them no test runs;"
            f" {len(words)} more change a message or lose a name, which their checks notice; mypy notices"
            f" {sum(m.name in refused for m in alive)} of the survivors",
            flush=True,
        )
        over |= share > (0 if room == "cells" else asked.most)
        survivors += [f"{m.name} ({became[m.name]}{', mypy refuses it' if m.name in refused else ''})\n{m.change}\n" for m in alive]  # fmt: skip
    (KEPT / "survivors.txt").write_text("\n".join(survivors), encoding="utf-8")
    return int(over)


if __name__ == "__main__":
    raise SystemExit(main())
