"""A study that is one question: the article's cases of power, run like any study."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taotie.answer.power import power
from taotie.answer.study import run
from taotie.errors import TaotieError

STUDIES = Path(__file__).parents[2] / "studies" / "power"


@pytest.mark.parametrize("name", ["palisades", "helion"])
def test_worked_a_case_of_the_article(name: str) -> None:
    answer = run(STUDIES / f"{name}.toml")
    assert answer.ask == "power"
    assert answer.settings["case"] == name
    assert set(answer.own["title"]) == {"en", "zh"}
    json.dumps(answer.to_dict(), allow_nan=False)
    again = power(
        case=name,
        years=len(answer.own["years"]) - 1,
        by_year=answer.settings["by_year"],
        seed=20240409,
    )
    assert answer.own["met"] == again.own["met"]


def test_worked_what_a_restart_and_a_fusion_plant_can_promise() -> None:
    """A restart is likely within a few years; the fusion contract is a bet, and its date is not met."""
    restart, fusion = (run(STUDIES / f"{n}.toml").own for n in ("palisades", "helion"))
    assert restart["met"][6] > 0.5
    assert max(fusion["met"][:5]) < 0.1
    assert restart["coal_t"]["net_of_gas"] > 3e6


def test_worked_page_and_result_of_the_command(tmp_path) -> None:
    import typer
    from typer.testing import CliRunner

    from taotie.app.cli import run as command

    pytest.importorskip("jinja2", reason="the extra report is not installed")
    app = typer.Typer()
    app.callback()(lambda: None)
    command.register(app)
    made = CliRunner().invoke(
        app, ["run", str(STUDIES / "helion.toml"), "--out", str(tmp_path / "o")]
    )
    assert made.exit_code == 0, made.output
    assert "<figure" in (tmp_path / "o" / "report.html").read_text("utf-8")
    assert json.loads((tmp_path / "o" / "result.json").read_text("utf-8"))["ask"] == "power"


def test_property_a_result_is_asked_again_and_a_changed_cell_is_told(tmp_path) -> None:
    from taotie.answer.study import checked_result

    place = tmp_path / "result.json"
    whole = run(STUDIES / "palisades.toml", samples=300).to_dict()
    place.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
    found = checked_result(place)
    assert found.own["ok"], found.own["different"][:3]
    assert found.own["figures_checked"] > 100
    for key, change in (("p50_mw", lambda v: [*v[:-1], v[-1] + 1.0]), ("years", lambda v: v[:-1])):  # fmt: skip
        place.write_text(json.dumps({**whole, key: change(whole[key])}, ensure_ascii=False), "utf-8")  # fmt: skip
        found = checked_result(place)
        assert any(d.startswith(key) for d in found.own["different"])
    place.write_text(json.dumps({**whole, "study": {"ask": "moon"}}), "utf-8")
    with pytest.raises(TaotieError, match="does not say which question"):
        checked_result(place)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('ask = "powr"', "'powr' is no question"),
        ('ask = "run"', "'run' is no question"),
        ('ask = "power"\n[workload]\nkind = "chat"', "workload has no place"),
        ('ask = "power"\n[settings]\nwind = 3', "wind"),
    ],
)
def test_error_no_such_question(text: str, says: str, tmp_path) -> None:
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(TaotieError, match=says):
        run(tmp_path / "s.toml")
