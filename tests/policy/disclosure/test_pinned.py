"""Each form, filled from stated facts, says what it said: fields, units, boundaries, gaps, documents."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest

from rows import each_row

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

import pin_forms
from pin_answers import differences, read

CASES = pin_forms.cases()


def _differences(found: Any, wanted: Any, place: str = "") -> list[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = sorted({*wanted, *found})
        return [d for k in keys for d in _differences(found.get(k), wanted.get(k), f"{place}.{k}")]
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        pairs = zip(found, wanted, strict=True)
        return [d for i, (f, w) in enumerate(pairs) for d in _differences(f, w, f"{place}[{i}]")]
    if isinstance(wanted, float) and isinstance(found, int | float):
        return [] if math.isclose(found, wanted, rel_tol=1e-12) else [f"{place}: {found}, {wanted}"]
    return [] if found == wanted else [f"{place}: {found!r}, was {wanted!r}"]


@each_row("name", CASES)
def test_form_says_what_it_said(name: str) -> None:
    wanted = json.loads((pin_forms.CASES / "forms" / f"{name}.json").read_text("utf-8"))
    assert _differences(pin_forms.given(CASES[name]), wanted) == []


@pytest.mark.parametrize("name", pin_forms.FULL)
def test_form_says_what_it_said_of_every_fact(name: str) -> None:
    """Each fact gone, by its other names, elsewhere, out of range; each option."""
    pinned = read((pin_forms.CASES / "drawn" / f"{name}.txt").read_text("utf-8"))
    made = pin_forms.tried(name)
    assert list(made) == list(pinned)
    found = [f"{title}: {d}" for title in made for d in differences(made[title], pinned[title])]
    assert not found, "\n".join(found)


def test_every_form_has_a_full_and_a_sparse_case() -> None:
    from taotie.policy.disclosure.forms import FORMS

    for form in FORMS:
        assert sum(case["form"] == form for case in CASES.values()) >= 2, form
    kept = {p.stem for p in (pin_forms.CASES / "forms").glob("*.json")}
    assert kept == set(CASES)


def test_worked_energy_of_one_request_and_hardware_of_many() -> None:
    """0.3 Wh at 384 g/kWh is 0.1152 g; an eighth of 1,300 kg for 2 of 35,040 h, over 10,000 requests, is 0.93 mg."""
    case = {"form": "sci", "facts": ["energy_per_request=0.3 Wh/request @facility", "carbon_intensity=384 gCO2e/kWh"]}  # fmt: skip
    hardware = ["embodied_total=1300 kgCO2e", "time_reserved=2 h", "expected_life=35040 h", "resource_share=0.125"]  # fmt: skip

    def score(*more: str) -> Any:
        made = pin_forms.given({**case, "facts": [*case["facts"], *more]})["en"]
        return next(f for f in made["fields"] if f["key"] == "score") if isinstance(made["fields"], list) else made["fields"]["score"]  # fmt: skip

    wanted = 0.3e-3 * 384 + 1300e3 * 2 / 35040 * 0.125 / 10_000
    assert score(*hardware, "count=10000")["value"] == pytest.approx(wanted, rel=1e-12)
    assert score(*hardware)["status"] == "not_available"
    assert score("embodied_per_request=0.02 gCO2e/request")["value"] == pytest.approx(0.1352)
