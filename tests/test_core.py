"""The core needs neither numba nor SciPy: what it answers without them, what it asks for, what it weighs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WITHOUT = """
import contextlib, importlib.abc, io, json, sys


class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("numba", "llvmlite", "scipy"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Blocked())
from taotie.app.cli.main import main

ended = []
for words in json.loads(sys.argv[1]):
    out = io.StringIO()
    sys.argv = ["taotie", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
    ended.append((code, out.getvalue()[-2000:]))
import taotie
try:
    taotie.split
except taotie.TaotieError as error:
    ended.append((0, str(error)))
print(json.dumps(ended))
"""
ALONE = (
    ("prompt", "--samples", "200"), ("generate", "--samples", "200"), ("embed", "--samples", "200"), ("compare", "--samples", "200"),
    ("train", "--accelerators", "10", "--hours", "10", "--samples", "200"), ("models", "llama-3.1-8b"), ("chips", "h100-sxm"),
    ("sources", "--unread"), ("prompt", "--region", "virginia", "--samples", "200"), ("check", "ChatGPT uses 564 MWh a day"), ("rules", "--mw", "75 MW", "--place", "ercot"),
)  # fmt: skip
MORE = {
    "simulate": (("simulate", "chat"), ("run", str(ROOT / "studies" / "chat_service.toml"))),
    "grid": (("grid", "capacity", "case9"), ("supply", "--load", "100 MW"), ("grid", "split", "-s", "A:80:1", "-s", "B:90:1")),
    "fleet": (("fleet",),),
}  # fmt: skip


def test_worked_the_core_without_compiler_and_solvers() -> None:
    commands = [*ALONE, *(words for every in MORE.values() for words in every)]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, json.dumps(commands)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout)
    for words, (code, text) in zip(ALONE, ended, strict=False):
        assert code in (0, 1), (words, text)
        assert "taotie[" not in text, (words, text)
    rest = iter(ended[len(ALONE) :])
    for extra, every in MORE.items():
        for words in every:
            code, text = next(rest)
            assert code == 2, (words, text)
            assert f'pip install "taotie[{extra}]"' in text, (words, text)
            assert "Traceback" not in text
    assert 'pip install "taotie[grid]"' in next(rest)[1]


def test_core_weighs_little() -> None:
    """What `pip install taotie` brings, its own files aside: at most 200 MB."""
    given = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names, weighed, total = [_name(r) for r in given], set(), 0
    while names:
        name = names.pop()
        if name in weighed:
            continue
        weighed.add(name)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system or an older Python
        names += [_name(r) for r in found.requires or () if "extra ==" not in r]
        places = [Path(str(found.locate_file(file))) for file in found.files or ()]
        total += sum(p.stat().st_size for p in places if p.is_file())
    assert "numpy" in weighed
    assert {"numba", "llvmlite", "scipy", "altair", "fastapi"}.isdisjoint(weighed), weighed
    assert total < 200e6, total


def _name(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;(]", requirement, maxsplit=1)[0]).lower()
