"""The bundle is made once, kept safely, and made again when the kept file is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from taotie.app.charts.vega_script import vega_script


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Counts how often the bundle is made; makes a short one."""
    import vl_convert

    calls: list[str] = []

    def bundle(snippet: str, vl_version: str) -> str:
        calls.append(vl_version)
        return f"/* Vega */ {snippet}\n// 尾"

    monkeypatch.setattr(vl_convert, "javascript_bundle", bundle)
    return calls


def test_worked_made_once_then_read(tmp_path: Path, made: list[str]) -> None:
    folder = tmp_path / "cache"
    assert (
        vega_script(folder)
        == vega_script(folder)
        == "/* Vega */ window.vegaEmbed=vegaEmbed;\n// 尾"
    )
    assert made == ["6.4"]
    assert [p.suffix for p in folder.iterdir()] == [".js"]


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"0123\nalert(1)", b"x" * 9_000_000])
def test_worked_damaged_file_is_made_again(tmp_path: Path, made: list[str], damage: bytes) -> None:
    whole = vega_script(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage)
    assert vega_script(tmp_path) == whole
    assert vega_script(tmp_path) == whole
    assert made == ["6.4"] * 2


def test_worked_cut_short_is_made_again(tmp_path: Path, made: list[str]) -> None:
    whole = vega_script(tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-3])
    assert vega_script(tmp_path) == whole
    assert len(made) == 2


def test_worked_place_that_cannot_be_written_costs_time_only(
    tmp_path: Path, made: list[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("here already")
    assert "vegaEmbed" in vega_script(blocked)
    assert made == ["6.4"]
