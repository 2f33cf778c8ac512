"""The notebooks run from the first cell to the last, and find what their text says."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"


def _run(name: str) -> dict[str, Any]:
    return runpy.run_path(str(FOLDER / name))


def test_every_notebook_is_tested() -> None:
    assert {p.name for p in FOLDER.glob("*.py")} == {
        "check_numbers.py", "prompt_to_grid.py", "training_run.py",
    }  # fmt: skip


def test_worked_prompt_to_grid() -> None:
    made = _run("prompt_to_grid.py")
    assert made["energy"].boundary == "facility"
    # 200 million requests of `energy` a day; the year of the units has 8,760 hours
    by_hand = made["energy"].to("Wh/request").p50 * 200e6 * 365 / 1e12
    assert made["yearly"].p50 == pytest.approx(by_hand, rel=1e-9)
    assert made["load_mw"] == pytest.approx(made["yearly"].p50 * 1e6 / 8760, rel=1e-9)
    assert made["by_batch"]


def test_worked_training_run() -> None:
    made = _run("training_run.py")
    assert made["calmer"]
    assert made["plain"]["peak_mw"] == pytest.approx(105.0)


def test_worked_check_numbers() -> None:
    made = _run("check_numbers.py")
    assert made["verdicts"] == ["unit error", "reproduces", "reproduces"]
    assert made["against"][0]["key"] == "devries2023.daily_energy_chatgpt"
