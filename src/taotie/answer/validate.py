"""How far are predictions off measurement? Asks behind `taotie validate`, `taotie predict` and `taotie calibrate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asking import answers_with
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["calibrate", "predict", "validate_mlenergy", "validate_serving"]


@answers_with("validate serving")
def validate_serving(
    file: str | Path,
    against: str | Path | None = None,
    *,
    tell: Callable[[str], None] | None = None,
) -> Answer:
    """Served loads of a table of measured runs, predicted from their description.

    Parameters
    ----------
    file : path
        CSV with the columns of InferenceX.
    against : path, optional
        Predictions on record, scored instead of new ones.

    Returns
    -------
    Answer
        Its own keys are those of `taotie.compute.fit.serving_validation.validate_serving`: rows, rate, power ...

    Raises
    ------
    DataError
        If a file cannot be read, lacks columns, or no row can be used.
    """
    from taotie.compute.fit import frozen_predictions, serving_validation

    found = (
        serving_validation.validate_serving(file)
        if against is None
        else frozen_predictions.scored_against(file, against)
    )
    settings = {"file": str(file), "against": None if against is None else str(against)}
    return Answer("validate serving", settings, said=_not_scored(found), own=found)


_MEASURED = {
    "rate": ("output_tok_s", N_("rate")),
    "power": ("avg_power_w_gpu", N_("power")),
    "latency": ("median_tpot_s", N_("time per later token")),
}
"""Columns that hold what a table of served loads measured."""


def _not_scored(found: Mapping[str, Any]) -> tuple[Said, ...]:
    """What no row of the table has measured, and the column it was looked for in."""
    return tuple(
        Said(
            f"not_scored.{name}",
            N_("{what} is not scored: no row has a value in the column {column}."),
            {"what": Said("what", label), "column": column},
        )
        for name, (column, label) in _MEASURED.items()
        if not found.get(name, {}).get("n", 1)
    )


@answers_with("validate mlenergy")
def validate_mlenergy(
    file: str | Path,
    *,
    no_batch: bool = False,
    fit_on: str | Path | None = None,
    leave_one_family_out: bool = False,
    runtime: str = "",
    against: str | Path | None = None,
) -> Answer:
    """Rows of a table of measured runs, predicted from their description.

    Parameters
    ----------
    file : path
        CSV with the columns of the ML.ENERGY Benchmark.
    no_batch : bool
        The measured batch is not used.
    fit_on : path, optional
        The coefficients are fitted on this table first.
    leave_one_family_out : bool
        Each family is predicted with coefficients fitted without it.
    runtime : str
        Profile of the serving software; default: from the columns.
    against : path, optional
        Predictions on record to score instead of new ones.

    Raises
    ------
    DataError
        If a file cannot be read, lacks columns, or no row can be used.
    """
    from taotie.compute.fit import frozen_predictions, validation

    if against is not None:
        found = frozen_predictions.scored_against(file, against)
    else:
        found = validation.validate_mlenergy(
            file, use_batch=not no_batch, fit_on=fit_on, leave_one_family_out=leave_one_family_out,
            runtime=runtime or None,
        )  # fmt: skip
    settings = {
        "file": str(file), "no_batch": no_batch, "fit_on": None if fit_on is None else str(fit_on),
        "leave_one_family_out": leave_one_family_out, "runtime": runtime,
        "against": None if against is None else str(against),
    }  # fmt: skip
    return Answer("validate mlenergy", settings, own=found)


@answers_with("predict")
def predict(setups: str | Path | None = None) -> Answer:
    """Rate, power, energy and latency of set-ups, to be put on record before anybody measures them.

    Parameters
    ----------
    setups : path, optional
        CSV with the columns of InferenceX; default: 300 set-ups on 12 chips.

    Raises
    ------
    DataError
        If the file cannot be read or no set-up can be predicted.
    """
    from taotie.compute.fit.frozen_predictions import frozen

    made = frozen(setups)
    # the version stands among the ten keys of every answer
    own = {key: value for key, value in made.items() if key != "version"}
    return Answer(
        "predict", {"setups": None if setups is None else str(setups)}, own=own, detail=made
    )


@answers_with("calibrate")
def calibrate(folder: str | Path, output: str | Path | None = None) -> Answer:
    """The coefficients of the energy model, fitted again on measured tables.

    Parameters
    ----------
    folder : path
        Holds mlenergy_v1, mlenergy_v2, mlenergy_v3.
    output : path, optional
        Coefficient file to write; default: the installed one.

    Raises
    ------
    DataError
        If there is no table, or one cannot be used.
    """
    from taotie.compute.fit.refit import refit

    found: dict[str, Any] = refit(Path(folder), None if output is None else Path(output))
    settings = {"folder": str(folder), "output": None if output is None else str(output)}
    files = () if output is None else (str(output),)
    return Answer("calibrate", settings, own=found, files=files)
