"""How a question is asked: each type of setting by itself, both ways of calling, defaults that are said, what is drawn."""

from __future__ import annotations

import inspect
import math
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

from rows import each_row
from taotie.answer import asking
from taotie.answer.answer import Answer
from taotie.answer.asking import Chosen, answers, answers_with, ask, checked, default_said, value_of
from taotie.answer.asks import ASKS, Declared
from taotie.errors import RangeError, TaotieError, UnknownNameError
from taotie.quantity.figure import leaf
from taotie.quantity.sampling import current
from taotie.study.setting import Setting
from taotie.words.language import N_, speaking

TYPES: dict[str, Setting] = {
    "number": Setting("mw", "number", "x", unit="MW", low=0.5, high=1e4),
    "open": Setting("rest", "number", "x"),
    "per": Setting("share", "number", "x", unit="1", low=0.0, high=1.0),
    "needed": Setting("energy", "number", "x", unit="kWh", unit_needed=True),
    "whole": Setting("n", "whole", "x", low=1, high=9),
    "flag": Setting("on", "flag", "x"),
    "choice": Setting("way", "choice", "x", choices=("least_outstanding", "Round-Robin")),
    "text": Setting("name", "text", "x"),
    "file": Setting("path", "file", "x"),
    "texts": Setting("names", "texts", "x"),
    "parted": Setting("names", "texts", "x", split=";"),
    "mapped": Setting("most", "texts", "x", mapping=True),
    "numbers": Setting("powers", "numbers", "x", unit="MW", low=0.0, split=","),
    "wholes": Setting("buses", "wholes", "x"),
    "files": Setting("places", "files", "x"),
}
GIVEN: tuple[tuple[str, Any, Any], ...] = (
    ("number", 3, 3.0), ("number", "3", 3.0), ("number", "3 kW", RangeError), ("number", "500 kW", 0.5), ("number", 0.5, 0.5), ("number", 1e4, 1e4),
    ("number", "1.2 GW", 1200.0), ("number", np.float32(2), 2.0), ("number", None, RangeError), ("number", True, RangeError), ("number", [1], RangeError),
    ("number", 10**400, RangeError), ("number", math.nan, RangeError), ("number", math.inf, RangeError), ("number", 0.49, RangeError), ("number", 10001, RangeError),
    ("open", -1e300, -1e300), ("open", "7", 7.0), ("per", "30 %", 0.3), ("per", 0, 0.0), ("per", 1, 1.0), ("per", 1.01, RangeError),
    ("needed", "3 kWh", 3.0), ("needed", "3", TaotieError), ("needed", 3, 3.0),
    ("whole", 1, 1), ("whole", 9, 9), ("whole", "4", 4), ("whole", 2.0, 2), ("whole", 2.5, RangeError), ("whole", 0, RangeError), ("whole", 10, RangeError),
    ("flag", True, True), ("flag", False, False), ("flag", "yes", RangeError), ("flag", 1, RangeError),
    ("choice", "least_outstanding", "least_outstanding"), ("choice", "Least-Outstanding", "least_outstanding"), ("choice", "round_robin", "Round-Robin"),
    ("choice", "ROUND-ROBIN", "Round-Robin"), ("choice", "robin", UnknownNameError), ("choice", 3, UnknownNameError),
    ("text", "a", "a"), ("text", 3, "3"), ("text", 2.5, "2.5"), ("text", PurePosixPath("a/b"), "a/b"), ("text", True, RangeError), ("text", ["a"], RangeError),
    ("text", {"a": 1}, RangeError), ("text", ("a",), RangeError), ("text", {1}, RangeError),
    ("file", "a/b", Path("a/b")), ("file", PurePosixPath("a/b"), Path("a/b")), ("file", 3, RangeError), ("file", ["a"], RangeError),
    ("texts", "a,b", ("a,b",)), ("texts", ["a", 3, 2.5, PurePosixPath("c")], ("a", "3", "2.5", "c")), ("texts", ("a",), ("a",)), ("texts", 3, ("3",)), ("texts", [True], RangeError),
    ("texts", [["a"]], RangeError), ("texts", [("a",)], RangeError), ("texts", [{"a": 1}], RangeError), ("texts", {"a": 1}, RangeError), ("texts", True, RangeError), ("texts", [], ()),
    ("parted", "a; b;;c ", ("a", "b", "c")), ("parted", ["a;b", 3], ("a", "b", "3")), ("parted", "", ()),
    ("mapped", {"a": "1"}, {"a": "1"}), ("mapped", {"a": ["1", "2"]}, {"a": ["1", "2"]}), ("mapped", {"a": ("1",)}, {"a": ("1",)}), ("mapped", {"a": 1}, RangeError), ("mapped", {"a": ["1", 2]}, RangeError),
    ("mapped", "a=1", ("a=1",)),
    ("numbers", "1,2 GW", (1.0, 2000.0)), ("numbers", [1, "2"], (1.0, 2.0)), ("numbers", 5, (5.0,)), ("numbers", [True], RangeError), ("numbers", [-1], RangeError), ("numbers", {"a": 1}, RangeError),
    ("wholes", [1, "2", 3.0], (1, 2, 3)), ("wholes", 4, (4,)), ("wholes", [1.5], RangeError),
    ("files", ["a", "s3://b/c", PurePosixPath("d")], (Path("a"), "s3://b/c", PurePosixPath("d"))), ("files", "a", (Path("a"),)), ("files", [True], RangeError),
)  # fmt: skip


@each_row(("kind", "given", "expected"), GIVEN)
def test_worked_a_value_as_its_room_takes_it(kind: str, given: Any, expected: Any) -> None:
    one = TYPES[kind]
    if isinstance(expected, type):
        with pytest.raises(expected) as error:
            value_of(one, given)
        assert one.name in error.value.message
        return
    found = value_of(one, given)
    assert found == expected
    assert type(found) is type(expected) or isinstance(expected, Path)
    if isinstance(expected, tuple):
        assert [type(v) for v in found] == [type(v) for v in expected]


def test_worked_a_figure_keeps_its_range_in_the_unit_of_the_setting() -> None:
    power = leaf("power", low=500, high=900, unit="kW", kind="assumed", note="x")
    found = value_of(TYPES["number"], power)
    assert found.unit == "MW"
    assert found.p50 == pytest.approx(power.p50 / 1000)


def test_error_says_what_is_wrong_with_a_value() -> None:
    said = {}
    for kind, given in (("number", 0.2), ("number", True), ("number", None), ("number", math.inf), ("open", math.nan), ("per", 2), ("whole", 2.5), ("flag", 1), ("text", ["a"]), ("texts", True), ("texts", [True]), ("mapped", {"a": 1}), ("choice", "rr")):  # fmt: skip
        for code in ("en", "zh"):
            with speaking(code), pytest.raises(TaotieError) as error:
                value_of(TYPES[kind], given)
            said[kind, str(given), code] = error.value.message
    assert {k: v for k, v in said.items() if k[2] == "en"} == {
        ("number", "0.2", "en"): "mw=0.2 is outside 0.5 to 10000 MW.",
        ("number", "True", "en"): "mw=True: it is not a number.",
        ("number", "None", "en"): "mw=None: it is not a number.",
        ("number", "inf", "en"): "mw=inf: it is not a finite number.",
        ("open", "nan", "en"): "rest=nan: it is not a finite number.",
        ("per", "2", "en"): "share=2 is outside 0 to 1.",
        ("whole", "2.5", "en"): "n=2.5: it is not a whole number.",
        ("flag", "1", "en"): "on=1: it is neither true nor false.",
        ("text", "['a']", "en"): "name=['a']: it is not a text.",
        ("texts", "True", "en"): "names=True: it is not a list.",
        ("texts", "[True]", "en"): "names=[True]: it is not a list of texts.",
        ("mapped", "{'a': 1}", "en"): "most={'a': 1}: it is not a list of texts.",
        ("choice", "rr", "en"): "way='rr' is not known.",
    }
    assert all(said[k, g, "zh"] != text for (k, g, c), text in said.items() if c == "en")
    low, high = Setting("a", "number", "x", low=0.0), Setting("a", "number", "x", unit="MW", high=1)
    with pytest.raises(RangeError, match=r"a=-1 is outside 0 to ∞\."):
        value_of(low, -1)
    with pytest.raises(RangeError, match=r"a=2 is outside -∞ to 1 MW\."):
        value_of(high, 2)


TABLE = {
    one.name: one
    for one in (
        Setting("mw", "number", N_("requests"), unit="MW", first=True, required=True, python="load_mw"),
        Setting("pue", "number", "x", unit="1", default=1.25, reason=N_("requests")),
        Setting("ways", "texts", "x", default=("a",), reason=N_("strict")),
        Setting("none", "text", "x", reason=N_("strict")),
        Setting("bare", "text", "x", default="b"),
        Setting("samples", "whole", "x", default=100),
        Setting("seed", "whole", "x", default=0),
    )
}  # fmt: skip


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two questions made up."""
    for name, samples in (("made up", True), ("made plain", False)):
        monkeypatch.setitem(ASKS, name, Declared(name, "nowhere", "x", "x", TABLE, samples, "made"))


def test_worked_settings_are_checked_filled_in_and_told(declared: None) -> None:
    told: list[str] = []

    @answers("made up")
    def made(chosen: Chosen) -> Answer:
        """What it does."""
        chosen.tell("step")
        drawn = current()
        return Answer("made up", chosen.values, said=tuple(chosen.defaults()), own={"n": drawn.n, "seed_of": drawn.seed})  # fmt: skip

    answer = made("3 GW", samples=150, seed=7, tell=told.append)
    assert answer.settings == {"mw": 3000.0, "pue": 1.25, "ways": ("a",), "none": None, "bare": "b", "samples": 150, "seed": 7}  # fmt: skip
    assert told == ["step"]
    assert (answer.own["n"], answer.own["seed_of"]) == (150, 7)
    assert [one.code for one in answer.said] == ["default.pue", "default.ways"]
    assert [one.text("en") for one in answer.said] == [
        "default: pue = 1.25: requests", "default: ways = ('a',): strict",
    ]  # fmt: skip
    assert [one.code for one in made(1, 1.3, samples=150).said] == ["default.ways"]
    # a setting that is none is one that was not given
    assert [one.code for one in made(1, pue=None, samples=150).said] == ["default.pue", "default.ways"]  # fmt: skip
    assert made.__doc__ == "What it does."
    places = inspect.signature(made).parameters.values()
    assert [(p.name, p.default) for p in places] == [(s.name, s.default) for s in TABLE.values()]
    assert inspect.signature(made).return_annotation is Answer
    assert made(1, samples=160).own["n"] == 160
    with pytest.raises(TypeError, match="made up takes at most 7 settings"):
        made(1, 1.2, ["a"], "n", "b", 100, 0, 3)
    with pytest.raises(TypeError, match="made up: mw is given twice"):
        made(1, mw=2)
    with pytest.raises(RangeError, match="made up needs mw: requests") as error:
        made(pue=1.1)
    assert error.value.hint == "taotie made up MW"
    with pytest.raises(UnknownNameError, match="made up has no setting 'puee'") as unknown:
        made(1, puee=1.1)
    assert "pue" in unknown.value.hint


def test_worked_a_function_of_plain_parameters(declared: None) -> None:
    seen: dict[str, Any] = {}

    @answers_with("made plain")
    def made(load_mw: float, pue: float, ways: tuple[str, ...], none: str | None, bare: str, samples: int, seed: int, *, extra: Any = None, tell: Any = None) -> Answer:  # fmt: skip
        """What it does."""
        seen.update(load_mw=load_mw, pue=pue, ways=ways, bare=bare, extra=extra, tell=tell, drawn=current())  # fmt: skip
        return Answer("made plain", said=(default_said("ways", "mine", N_("strict")),))

    outer = current()
    answer = made("2 GW", bare="c", extra=[1], tell=print)
    assert seen == {"load_mw": 2000.0, "pue": 1.25, "ways": ("a",), "bare": "c", "extra": [1], "tell": print, "drawn": outer}  # fmt: skip
    # what the function said itself is not said again
    assert [one.text("en") for one in answer.said] == ["default: ways = mine: strict", "default: pue = 1.25: requests"]  # fmt: skip
    assert made(mw=3, pue="1.1").said[1:] == ()
    assert seen["load_mw"] == 3.0
    assert seen["tell"] is None
    made(load_mw=4)
    assert (seen["load_mw"], seen["extra"]) == (4.0, None)
    with pytest.raises(TypeError, match="made plain takes at most 7 settings without their names"):
        made(1, 1.2, ["a"], "n", "b", 100, 0, None)
    with pytest.raises(TypeError, match="made plain: load_mw is given twice"):
        made(1, load_mw=2)
    with pytest.raises(UnknownNameError, match="made plain has no setting 'extras'") as unknown:
        made(1, extras=2)
    assert "extra" in unknown.value.hint
    with pytest.raises(RangeError, match="made plain needs mw"):
        made()


def test_worked_a_spelled_setting_is_named_as_it_is_typed(declared: None) -> None:
    late = {"load": Setting("load", "number", "x", required=True, options=("--load", "-l"))}
    with pytest.raises(RangeError) as error:
        checked("made up", late, {})
    assert error.value.hint == "taotie made up --load LOAD"
    with pytest.raises(RangeError):
        checked("made up", late, {"load": None})
    chosen = checked("made up", late, {"load": 2})
    assert chosen.load == 2.0
    assert chosen.given == {"load"}
    assert chosen.settings is late
    with pytest.raises(AttributeError, match="weight"):
        _ = chosen.weight


def test_worked_names_of_questions_may_be_spelled_alike() -> None:
    told: list[str] = []
    for name in (
        "rules",
        "check-label",
        "check_label",
        "meter report",
        "meter_report",
        "meter-report",
    ):
        assert asking.declared_of(name).name.replace("-", " ") == name.replace("-", " ").replace(
            "_", " "
        )
    ask("prompt", model="llama-3.1-8b", samples=150, brief=True, tell=told.append)
    with pytest.raises(UnknownNameError, match="no question 'rulez'"):
        ask("rulez")


@each_row(
    ("text", "path"),
    [
        ("-", True), ("a/b", True), ("a\\b", True), ("~a", True), ("a\0", True), (".a", True), (" - ", True), ("a.csv", True), ("a.", False), ("llama-3.1-8b", False), ("a.abcdefghij", True),
        ("a.abcdefghijk", False), ("case39", False), ("a.c1", False), ("n" * 5000, True), ("", True),
    ],
)  # fmt: skip
def test_worked_what_could_be_a_file(text: str, path: bool) -> None:
    assert asking._is_path(text) is path


def test_worked_a_file_of_that_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    (tmp_path / "case39").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert asking._is_path("case39")
    with pytest.raises(
        RangeError, match="case names a file or a machine of this computer"
    ) as error:
        asking.not_from_here("capacity", {"case": "case39"})
    assert error.value.hint == "leave it out, or ask on the command line."
    with pytest.raises(RangeError, match="meter report is about this computer: it is not answered over a network") as local:  # fmt: skip
        asking.not_from_here("meter report", {})
    assert local.value.hint == "taotie meter report"
