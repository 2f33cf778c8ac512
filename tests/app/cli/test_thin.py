"""Commands show and compute nothing: what computes is imported by no file of theirs (rooms: see the import contracts)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import taotie.app.cli
from rows import each_row

COMPUTES = {"numpy", "scipy", "pandas", "numba", "statistics"}
FILES = sorted(Path(taotie.app.cli.__file__).parent.glob("*.py"))


@each_row("path", FILES, ids=lambda p: p.stem)
def test_property_a_command_imports_nothing_that_computes(path: Path) -> None:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert not found & COMPUTES


def test_error_markup_in_a_note_is_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    from taotie.app.cli.shown import print_said
    from taotie.words.said import Said

    print_said([Said("x", "[bold]a bus[/bold] named [red]")])
    assert "[bold]a bus[/bold] named [red]" in capsys.readouterr().out
