"""The chain's steps: a room joins by one file and its settings entry; what cannot be ordered is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

import taotie.study.steps
from taotie.errors import StudyError
from taotie.study.run import CHAIN, run_study
from taotie.study.settings import STUDY_FIGURES, StudyFigure
from taotie.study.steps.step import Step, found_steps, in_order

FILE = '''
"""How loud is it? A made-up quantity: power of the sound of a facility."""

from taotie.quantity.figure import exact
from taotie.study.steps.step import step


@step("sound")
def sound(walk, facility_load):
    with walk.at("noise"):
        share = walk.figure("noise.share", lambda: exact(1e-6, "1", "sound_share"), "made up for a test")
        return walk.keep("sound_power", (facility_load.average() * share).to("W"), "Power of the sound")
'''
STUDY = (
    'title = "x"\nsamples = 200\n[workload]\nrequests_per_day = 1000\n'
    '[compute]\nmodel = "llama-3.1-8b"\nserving = "mean-request"\n'
)


@pytest.fixture
def joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A room that joined: one file, one settings entry."""
    folder = tmp_path / "steps"
    folder.mkdir()
    (folder / "noise.py").write_text(FILE, "utf-8")
    monkeypatch.setattr(taotie.study.steps, "__path__", [*taotie.study.steps.__path__, str(folder)])
    monkeypatch.setitem(
        STUDY_FIGURES, "noise.share", StudyFigure("noise.share", "Share of sound", "1", 0.0, 1.0)
    )
    monkeypatch.delitem(__import__("sys").modules, "taotie.study.steps.noise", raising=False)
    return tmp_path


def test_worked_a_room_joins_by_one_file_and_its_settings_entry(joined: Path) -> None:
    (joined / "a.toml").write_text(STUDY, "utf-8")
    (joined / "b.toml").write_text(STUDY + "[noise]\nshare = 2e-6\n", "utf-8")
    assert "sound" in [one.name for one in found_steps()]
    first, second = (run_study(joined / name) for name in ("a.toml", "b.toml"))
    assert first.figures["sound_power"].unit == "W"
    ratio = second.figures["sound_power"].p50 / first.figures["sound_power"].p50
    assert ratio == pytest.approx(2.0)
    assert "noise.share" in [d.key for d in first.defaults]
    assert "noise.share" not in [d.key for d in second.defaults]


def test_error_a_key_the_joined_room_does_not_know(joined: Path) -> None:
    (joined / "c.toml").write_text(STUDY + "[noise]\nshar = 2e-6\n", "utf-8")
    with pytest.raises(StudyError, match="no key 'shar'") as error:
        run_study(joined / "c.toml")
    assert "share" in str(error.value)


def _step(name: str, needs: tuple[str, ...], *gives: str) -> Step:
    return Step(name, needs, gives, lambda walk, **had: None)


def test_error_a_need_nobody_gives_two_givers_and_a_circle() -> None:
    with pytest.raises(StudyError, match="step loud needs 'facility_laod'") as one:
        in_order([*CHAIN, _step("loud", ("facility_laod",), "loud")], "chat")
    assert "facility_load" in str(one.value)
    with pytest.raises(StudyError, match="steps network and again both give 'loss'"):
        in_order([*CHAIN, _step("again", (), "loss")], "chat")
    with pytest.raises(StudyError, match="a, b wait for each other"):
        in_order([_step("a", ("y",), "x"), _step("b", ("x",), "y")], "chat")
    # of another kind of workload it is no clash
    campus = Step("other", (), ("asked",), lambda walk: None, ("campus",))
    in_order([*CHAIN, campus], "chat")


def test_property_each_step_stands_after_what_it_needs() -> None:
    for kind in ("chat", "campus"):
        ordered = in_order(reversed(CHAIN), kind)
        had: set[str] = set()
        for one in ordered:
            assert had.issuperset(one.needs)
            had.update(one.gives)
        assert {"it_load", "facility_load", "flows", "headline", "place"} <= had
