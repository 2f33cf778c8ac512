"""The names programs read, written down: `python tools/pin_names.py` into tests/cases/answers/names.txt.

Codes of sentences, columns of tables, keys of figures and records, of the rooms that make answers. Only after a name
was meant to go: somebody's program read it, so the same change says in `changes/` what stands in its place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "taotie"
PINNED = ROOT / "tests" / "cases" / "answers" / "names.txt"
ROOMS = ("study", "answer", "policy")
_NAME = r'\(\s*"([a-z][\w.]*)"\s*[,)]'
KINDS = {
    "sentence": re.compile(rf"\b(?:Said|as_given|(?:\w+\.)?(?:note|warn|say|limit)){_NAME}"),
    "column": re.compile(rf"\bColumn{_NAME}"),
    "figure": re.compile(rf"\.keep{_NAME}"),
    "key": re.compile(r'(?<=[{,\s(])"([a-z][\w.]*)"\s*:(?!\w)'),
}
"""Where a name that leaves the house is written, by what it names."""


def names_in(text: str) -> set[str]:
    """Every name of a source text with its kind.

    >>> sorted(names_in('Said("no_meter", N_("x")), Column("bus"), {"load_mw": 1, other: "x"}'))
    ['column bus', 'key load_mw', 'sentence no_meter']
    """
    return {f"{kind} {name}" for kind, form in KINDS.items() for name in form.findall(text)}


def names() -> dict[str, set[str]]:
    """By room."""
    found: dict[str, set[str]] = defaultdict(set)
    for room in ROOMS:
        for path in sorted((SOURCE / room).rglob("*.py")):
            found[room] |= names_in(path.read_text("utf-8"))
    return dict(found)


def pinned() -> dict[str, set[str]]:
    """Those a person last looked at."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in PINNED.read_text("utf-8").splitlines():
        room, _space, name = line.partition(" ")
        found[room].add(name)
    return dict(found)


def gone(now: Mapping[str, set[str]]) -> list[str]:
    """Names that are pinned and written nowhere in their room any more."""
    return [f"{room} {n}" for room, every in pinned().items() for n in sorted(every - now.get(room, set()))]  # fmt: skip


if __name__ == "__main__":
    lines = [f"{room} {name}\n" for room, every in names().items() for name in sorted(every)]
    PINNED.write_text("".join(lines), "utf-8")
