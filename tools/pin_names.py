"""The names programs read, written down: `python tools/pin_names.py` into tests/cases/answers/names.txt.

Codes of sentences, columns of tables, fields of forms, keys of figures and records, of the rooms that make answers, and
the bounds of a number read beside the declared settings; with how often each is written. Only after a name was meant to go: somebody's program read it, so the same change says in `changes/` what stands in its place.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
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
    "field": re.compile(rf"\bField{_NAME}"),
    "range": re.compile(r'\b(low=-?[\d.e]+,(?: high=-?[\d.e]+,)? name="[\w-]+")'),
    "key": re.compile(r'(?<=[{,\s(])"([a-z][\w.]*)"\s*:(?!\w)'),
}
"""Where a name that leaves the house is written, by what it names."""


def names_in(text: str) -> Counter[str]:
    """Every name of a source text with its kind, and how often it stands there.

    >>> sorted(names_in('Said("no_meter", N_("x")), Column("bus"), {"load_mw": 1, other: "x"}'))
    ['column bus', 'key load_mw', 'sentence no_meter']
    """
    return Counter(f"{kind} {name}" for kind, form in KINDS.items() for name in form.findall(text))


def names() -> dict[str, Counter[str]]:
    """By room."""
    return {
        room: sum(
            (names_in(path.read_text("utf-8")) for path in (SOURCE / room).rglob("*.py")), Counter()
        )
        for room in ROOMS
    }


def pinned() -> dict[str, Counter[str]]:
    """Those a person last looked at."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for line in PINNED.read_text("utf-8").splitlines():
        room, _space, rest = line.partition(" ")
        name, _times, n = rest.partition(" x ")
        found[room][name] = int(n or 1)
    return dict(found)


def gone(now: Mapping[str, Counter[str]]) -> list[str]:
    """Names that are pinned and written in their room less often, or nowhere any more."""
    return [f"{room} {n}" for room, every in pinned().items() for n in sorted(every - now.get(room, Counter()))]  # fmt: skip


if __name__ == "__main__":
    lines = [
        f"{room} {name}{f' x {n}' if n > 1 else ''}\n"
        for room, every in names().items()
        for name, n in sorted(every.items())
    ]
    PINNED.write_text("".join(lines), "utf-8")
