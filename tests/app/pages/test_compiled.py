"""Compiled templates are kept whole or not at all, and never change what a page says."""

from __future__ import annotations

from pathlib import Path

import pytest

jinja2 = pytest.importorskip("jinja2", reason="pages are in the extra `report`")

from taotie.app.pages.compiled import kept_between_runs  # noqa: E402


def filled(folder: Path, text: str = "{{ 1 + 2 }} Wh") -> str:
    environment = jinja2.Environment(
        loader=jinja2.DictLoader({"page": text}), bytecode_cache=kept_between_runs(folder)
    )
    return str(environment.get_template("page").render())


def test_worked_kept_then_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filled(tmp_path) == "3 Wh"
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(jinja2.Environment, "_generate", None)  # nothing is compiled any more
    assert filled(tmp_path) == "3 Wh"


@pytest.mark.parametrize("damage", [b"", b"x" * 20, b"x" * 2000, None])
def test_worked_damaged_is_compiled_again(tmp_path: Path, damage: bytes | None) -> None:
    filled(tmp_path)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-7] + b"1234567" if damage is None else damage)
    assert filled(tmp_path) == "3 Wh"
    assert kept.read_bytes() == whole


def test_worked_a_changed_template_is_compiled_again(tmp_path: Path) -> None:
    filled(tmp_path)
    assert filled(tmp_path, "{{ 4 }} Wh") == "4 Wh"


def test_worked_place_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("here already")
    assert filled(blocked) == "3 Wh"
    assert filled(blocked) == "3 Wh"
