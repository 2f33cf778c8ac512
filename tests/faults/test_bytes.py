"""The same question writes the same bytes, whatever the machine: threads, hash seeds, kernels of linear algebra, time zones.

Each environment is a process of its own that asks questions which write files; all files, and what is printed, are held against each
other. The result file of a study is held in `tests/study/test_run.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LINES = (
    "prompt llama-3.1-8b --samples 200 --table prompt.json",
    "embed --tokens 64 --samples 200 --table embed.csv",
    "train --params 7e9 --tokens 2e12 --samples 200 --table train.csv",
    "flex --load 120MW --report flex.html --table flex.csv",
    "swings --peak 90 --duration 20s --report swings.html --table swings.csv",
    "power --option grid_queue=100 --samples 300 --report power.html --table power.csv",
    "tax --energy 100GWh --until 2026 --report tax.html --table tax.csv",
    "rules --mw 75 --place ercot --report rules.html",
    "disclose sci --set 'energy=12 kWh @facility' --report sci.html",
)
DRIVER = """
import shlex, sys
from taotie.app.cli import main as door
for line in open("lines.txt"):
    sys.argv = ["taotie", *shlex.split(line)]
    sys.stdout.write("$ " + line); sys.stdout.flush()
    try:
        door.main()
    except SystemExit as error:
        if error.code not in (0, None):
            sys.exit(f"{line}: {error.code}")
"""
ENVIRONMENTS = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "2", "TZ": "Asia/Kolkata", "OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2"},
)  # fmt: skip


def written(folder: Path, lines: tuple[str, ...], environment: dict[str, str]) -> dict[str, bytes]:
    """Every file that the lines write in an environment, and what they print."""
    folder.mkdir()
    (folder / "lines.txt").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], cwd=folder, capture_output=True,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", "TAOTIE_LANG": "en", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:] + done.stdout.decode()[-300:]
    found = {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }
    return {**found, "printed": done.stdout}


def differences(made: list[dict[str, bytes]]) -> list[str]:
    """Files that are not the same in all environments, with the place of the first difference."""
    names = sorted({name for one in made for name in one})
    found = []
    for name in names:
        each = [one.get(name, b"") for one in made]
        if len(set(each)) > 1:
            a, b = next((x, y) for x in each for y in each if x != y)
            at = next((i for i, (p, q) in enumerate(zip(a, b, strict=False)) if p != q), -1)
            found.append(f"{name} at {at}: {a[at - 40 : at + 40]!r} against {b[at - 40 : at + 40]!r}")  # fmt: skip
    return found


@pytest.mark.slow
def test_property_every_file_is_the_same_in_every_environment(tmp_path: Path) -> None:
    made = [written(tmp_path / str(i), LINES, e) for i, e in enumerate(ENVIRONMENTS)]
    assert len(made[0]) > len(LINES)
    assert differences(made) == []


def test_a_difference_is_found() -> None:
    assert differences([{"a": b"1"}, {"a": b"2"}])
    assert differences([{"a": b"1"}, {}])
    assert differences([{"a": b"1"}, {"a": b"1"}]) == []
