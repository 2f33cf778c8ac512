"""Every option of every command, with values that can be meant and values that cannot: `python tests/fuzz/options.py`.

In this process: the command tree is built once, each line is run with its output caught, and a line is well met if it
ends with a documented exit code (0, 1, 2, 3) within its time. Nothing is written outside a temporary folder, nothing is
fetched, nothing is recorded: `meter record`, `data fetch` and the like are given their help and their mistakes only.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
from engine import Outcome, TooLong, _stopped, clocks
from mutation import mutated
from readers import READERS

DOCUMENTED = {0, 1, 2, 3}
NUMBERS = ("0", "1", "-1", "0.5", "1e3", "1e308", "1e999", "nan", "inf", "-inf", "1,5", "150W", "1.5GW", "10 MW", "5 to 0", "5 to 0 million", "1 MW - 1 MW", "0.1%", "9" * 30, "9223372036854775808", "1e-300", "", " ", "two", "12 kWh", "3 USD", "1_0", "１２", "2 to 3")  # fmt: skip
NAMES = ("h100-sxm", "llama-3-1-8b", "ieee118", "case9", "USA", "DEU", "WORLD", "nobody", "", "[/x]", "[red]", "\x1b[31m", "\u202eabc", "a" * 300, "../..", "/dev/null", "none.toml", "8xh100-sxm", "fp8", "bf16", "zh", "all", "2024", "2023-2026", "nvidia", "bitcoin", "x=1", "1,2,3", "p50", "\udcff", "-", "--", "a,b", "0", "😀")  # fmt: skip
QUIET = {
    *["serve", "mcp", "record", "live", "fetch", "refit", "calibrate", "watch", "predict", "score"],
    "meter run",
}
"""Commands that run on, fetch, record or fit: only their mistakes are tried."""
LONGEST_S = 180.0
"""Work that was asked for may take longer than a refusal; a line beyond this is counted as not finished."""


def commands(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its name."""
    inner = getattr(tree, "commands", {})
    if not inner:
        yield path, tree
    for name, one in inner.items():
        yield from commands(one, (*path, name))


def _value(rng: np.random.Generator, option: Any, folder: Path) -> str:
    """A value for an option: of its kind, of another kind, or a file."""
    kind = int(rng.integers(10))
    choices = getattr(getattr(option, "type_descriptor", None), "choices", None)
    if choices and kind < 6:
        return str(list(choices)[int(rng.integers(len(choices)))])
    if kind == 9 or "path" in str(getattr(option, "bare_type", "")).lower():
        name = str(rng.choice(list(READERS)))
        reader = READERS[name]
        seeds = [s if isinstance(s, bytes) else s.encode() for s in reader.seeds]
        place = folder / f"{name}{reader.ending}"
        if seeds:
            place.write_bytes(seeds[0] if rng.integers(2) else mutated(rng, seeds))
        return str(place)
    pool = NUMBERS if kind < 5 else NAMES
    return str(pool[int(rng.integers(len(pool)))])


def line(rng: np.random.Generator, path: tuple[str, ...], command: Any, folder: Path) -> list[str]:
    """One line of a command: some of its options and arguments."""
    words = list(path)
    options = [p for p in command.params if p.param_type_name == "option"]
    for _i in range(int(rng.integers(5))):
        option = options[int(rng.integers(len(options)))]
        names = [*option.opts, *option.secondary_opts]
        words.append(str(names[int(rng.integers(len(names)))]))
        if not option.is_flag:
            words.append(_value(rng, option, folder))
    for argument in command.params:
        if argument.param_type_name == "argument" and rng.integers(4):
            words.append(_value(rng, argument, folder))
    if path[-1] in QUIET or " ".join(path) in QUIET:
        words += ["--no-such-option"]
    if rng.integers(3) == 0:
        words.append("--json")
    return words


def _run(words: list[str]) -> tuple[int, str]:
    """Exit code and error output of one line."""
    from taotie.app.cli import main as door

    err = io.StringIO()
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace")
    old, keys = sys.argv, sys.stdin
    sys.argv = ["taotie", *words]
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"ChatGPT uses 564 MWh a day"), encoding="utf-8")
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            door.main()
    except SystemExit as error:
        code = error.code
        out.flush()
        written = out.buffer.getvalue().decode("utf-8", "replace")
        said = err.getvalue() or written
        return (code if isinstance(code, int) else 0 if code is None else 1), said
    finally:
        sys.argv, sys.stdin = old, keys
    return 0, err.getvalue()


def fuzzed(n: int, seed: int, until: float = 0.0, only: tuple[str, ...] = ()) -> Outcome:
    """Lines 0 to `n`, or as many as fit before the time `until`."""
    from taotie.app.cli import main as door

    tree = door.build()
    every = [(p, c) for p, c in commands(tree) if not only or p[0] in only]
    made, outcome = door.build, Outcome()
    before, here = signal.signal(signal.SIGALRM, _stopped), Path.cwd()
    prof = signal.signal(signal.SIGPROF, _stopped)
    with TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(place)
        os.chdir(folder)
        os.environ.setdefault("XDG_CACHE_HOME", str(folder / "cache"))
        door.build = lambda *_first: tree
        try:
            for i in range(n):
                if until and time.monotonic() > until:
                    break
                rng = np.random.default_rng([seed, i])
                path, command = every[int(rng.integers(len(every)))]
                words = line(rng, path, command, folder)
                outcome.n += 1
                started = time.perf_counter()
                clocks(LONGEST_S)
                try:
                    code, said = _run(words)
                    outcome.refused += code == 2
                    if code not in DOCUMENTED:
                        kind = " ".join(said.split())[:200] or str(code)
                        outcome.found.setdefault(f"{path[0]}: {kind}", f"number {i}: {words}")
                except TooLong:
                    outcome.found.setdefault(
                        f"{path}: not finished in {LONGEST_S:.0f} s", f"number {i}: {words}"
                    )
                except BaseException:
                    outcome.found.setdefault(
                        f"{path[0]}: {traceback.format_exc(limit=-2)[-300:]}",
                        f"number {i}: {words}",
                    )
                finally:
                    clocks(0)
                outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - started)
        finally:
            door.build = made
            os.chdir(here)
            signal.signal(signal.SIGALRM, before)
            signal.signal(signal.SIGPROF, prof)
    return outcome


def main() -> int:
    """Run lines; 1 if one was not well met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("commands", nargs="*")
    options = parser.parse_args()
    started = time.monotonic()
    outcome = fuzzed(options.inputs, options.seed, only=tuple(options.commands))
    print(f"options {outcome.n} lines {outcome.refused} refused, slowest {outcome.slowest_s:.1f} s, {time.monotonic() - started:.0f} s, {len(outcome.found)} kinds of error")  # fmt: skip
    for kind, text in outcome.found.items():
        print(f"  {kind}\n      {text}")
    return 1 if outcome.found else 0


if __name__ == "__main__":
    sys.exit(main())
