"""The flat names of `import taotie`: each loads, has a docstring, and none is missing or left over."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import taotie
from rows import each_row
from taotie.answer.asks import ASKS, function_of


@each_row("name", [n for n in taotie.__all__ if n != "__version__"])
def test_worked_every_name_loads_and_says_what_it_is(name: str) -> None:
    found = getattr(taotie, name)
    assert found.__doc__
    assert name in dir(taotie)


@each_row("name", list(ASKS))
def test_worked_every_question_is_a_name_with_its_settings(name: str) -> None:
    declared = ASKS[name]
    assert declared.flat in taotie.__all__
    function = function_of(name)
    parameters = inspect.signature(function).parameters
    # a function may take more in Python, such as a case already read; never less
    assert set(parameters) >= {one.parameter for one in declared.settings.values()}
    for one in declared.settings.values():
        given = parameters[one.parameter].default
        if not one.required and given is not inspect.Parameter.empty:
            assert given == one.default or not (given or one.default)
    assert callable(getattr(taotie, declared.flat))


def test_worked_a_room_that_is_a_question_can_be_called() -> None:
    import taotie.fleet.forecast

    made = taotie.fleet(to=2026, samples=200)
    assert made.ask == "fleet"
    assert taotie.fleet.forecast.FleetScenario


def test_worked_python_dash_m(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "taotie", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"taotie {taotie.__version__}"


def test_error_a_name_nobody_knows() -> None:
    with pytest.raises(AttributeError, match="promptt"):
        taotie.promptt
