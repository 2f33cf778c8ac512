"""Errors: what is wrong, a hint, the built-in they refine; and whole after a trip between processes."""

from __future__ import annotations

import copy
import inspect
import pickle

from hypothesis import given
from hypothesis import strategies as st

from rows import each_row
from taotie import errors
from taotie.errors import (
    DataError,
    MissingExtraError,
    RangeError,
    StudyError,
    TaotieError,
    UnknownNameError,
    nearest,
)

KINDS = [
    e for _name, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, TaotieError)
]


def test_worked_message_and_hint() -> None:
    error = RangeError("pue=0.92 is below 1.0.", "0.92 looks like DCiE; its PUE is 1.09")
    assert str(error) == "pue=0.92 is below 1.0.\n\nhint: 0.92 looks like DCiE; its PUE is 1.09"
    assert (error.message, error.hint) == (
        "pue=0.92 is below 1.0.",
        "0.92 looks like DCiE; its PUE is 1.09",
    )
    assert str(RangeError("pue=0.92 is below 1.0.")) == "pue=0.92 is below 1.0."


@each_row(
    ("kind", "builtin"),
    [
        ("UnitError", ValueError), ("BoundaryError", ValueError), ("RangeError", ValueError),
        ("DistributionError", ValueError), ("SamplingError", ValueError), ("TraceError", ValueError),
        ("CaseError", ValueError), ("ResultError", ValueError), ("StudyError", ValueError),
        ("SourceError", LookupError), ("UnknownNameError", LookupError), ("DataError", OSError),
        ("MissingExtraError", ImportError),
    ],
)  # fmt: skip
def test_worked_each_refines_a_builtin(kind: str, builtin: type[Exception]) -> None:
    error = getattr(errors, kind)
    assert issubclass(error, TaotieError)
    assert issubclass(error, builtin)
    assert kind in errors.__all__


def test_worked_a_data_error_reads_as_words() -> None:
    assert (
        str(DataError("trace.csv is not there.", "fetch it"))
        == "trace.csv is not there.\n\nhint: fetch it"
    )


def test_worked_a_missing_extra_names_the_command() -> None:
    error = MissingExtraError("jinja2", "report")
    assert "jinja2" in error.message
    assert error.hint == 'pip install "taotie[report]"'


def test_worked_a_study_lists_all_its_problems() -> None:
    first, second = RangeError("a is wrong", "do b"), UnknownNameError("c is not known")
    error = StudyError([first, second])
    assert error.problems == (first, second)
    assert str(error) == "a is wrong\n\nhint: do b\n\nc is not known"


@each_row("kind", KINDS, ids=lambda k: k.__name__)
def test_property_errors_survive_a_pickle(kind: type[TaotieError]) -> None:
    """A worker process sends its error back; hint and problems must arrive."""
    if kind is StudyError:
        error: TaotieError = StudyError([RangeError("x", "y")])
    elif kind is MissingExtraError:
        error = MissingExtraError("jinja2", "report")
    else:
        error = kind("what is wrong", "what to do")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert str(other) == str(error)
        assert (other.message, other.hint, other.args) == (error.message, error.hint, error.args)
    if isinstance(error, StudyError):
        assert pickle.loads(pickle.dumps(error)).problems[0].hint == "y"


@each_row(
    ("name", "known", "expected"),
    [
        ("h100_sxm", ["h100-sxm", "mi300x", "b200"], "did you mean h100-sxm?"),
        ("MW", ["mw"], "did you mean mw?"),
        ("kwh", ["kWh", "MWh"], "did you mean kWh, MWh?"),
        ("H100", ["h100"], "did you mean h100?"),
        ("zzz", ["b", "a"], "known: a, b"),
        ("zzz", [], "known: "),
    ],
)
def test_worked_nearest(name: str, known: list[str], expected: str) -> None:
    assert nearest(name, known) == expected


def test_worked_a_long_list_is_cut() -> None:
    assert nearest("zzz", [f"{i:02d}" for i in range(50)]).endswith("10, 11, ...")


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=30))
def test_property_nearest_names_only_what_is_known(name: str, known: list[str]) -> None:
    hint = nearest(name, known)
    assert hint.startswith(("did you mean ", "known: "))
    if name in known and name:
        assert name in hint


def test_property_a_huge_name_is_compared_quickly() -> None:
    assert nearest("x" * 1_000_000, [f"name {i}" for i in range(500)]).startswith("known: ")
