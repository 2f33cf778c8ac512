"""Rows for a pipe are laid out as Rich lays them out, wide characters and all."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from taotie.app.cli.common import print_columns

NAMES = ("verdict", "值", "claim")
ROWS = [("✓ fine", "", "c1"), ("≠ 与来源不符", "4.2 MWh", "a longer one"), ("", "–", "")]


def printed(rows: list[tuple[str, ...]], width: int, **how: Any) -> str:
    out = Console(file=io.StringIO(), width=width, highlight=False, soft_wrap=True, **how)
    print_columns(out, NAMES, rows)
    return out.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [160, 20])
@pytest.mark.parametrize("rows", [ROWS, [*ROWS, ("a [bold]b[/] :", "c", "d")]])
def test_matches_rich(rows: list[tuple[str, ...]], width: int) -> None:
    table = printed(rows, width, force_terminal=True, color_system=None)  # always by Rich
    text = printed(rows, width)
    bare = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in table.splitlines()]
    assert text.splitlines() == bare
