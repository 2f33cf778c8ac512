"""Printed numbers against ours, from the inputs their sources name. `pytest -s` shows the table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rows import each_row
from taotie.audit.claims_file import catalogue_input
from taotie.audit.formula import evaluated
from taotie.compute.training.training_energy import PublishedRun, published_runs
from taotie.quantity import catalog
from taotie.quantity.unit_text import parse_unit

CASE = Path(__file__).resolve().parents[1] / "cases" / "audit" / "published_values"


def rows() -> list[dict[str, str]]:
    with (CASE / "values.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_published_values_are_at_least_sixty() -> None:
    assert len(rows()) >= 60
    assert len({r["id"] for r in rows()}) == len(rows())


@each_row("row", rows(), ids=lambda r: r["id"])
def test_published_value(row: dict[str, str]) -> None:
    scale, unit = parse_unit(row["unit"], ["charge"])
    ours = evaluated(row["formula"], None, ["charge"], catalogue_input).to(unit).value / scale
    printed = float(row["published"])
    allowed = float(row["abs_tolerance"] or 0) or abs(printed) * float(row["rel_tolerance"])
    print(f"{row['id']:32} {printed:>14.7g} {ours:>14.7g} {row['unit']:20} {row['source']}")  # noqa: T201
    assert abs(ours - printed) <= allowed
    assert row["source"] in catalog.source_keys()


def with_energy() -> list[PublishedRun]:
    return [r for r in published_runs() if r.energy is not None]


def test_published_runs_are_at_least_sixteen() -> None:
    assert len(published_runs()) >= 16
    assert len(with_energy()) >= 13


@each_row("run", with_energy(), ids=lambda r: r.key)
def test_published_training_energy(run: PublishedRun) -> None:
    assert run.energy is not None
    printed, ours = run.energy.p50, run.recomputed_energy.p50
    print(f"{run.key:32} {printed:>14.7g} {ours:>14.7g} MWh")  # noqa: T201
    assert ours == pytest.approx(printed, rel=run.stated_tolerance)


@each_row("run", [r for r in published_runs() if r.emissions is not None], ids=lambda r: r.key)
def test_published_training_emissions(run: PublishedRun) -> None:
    assert run.emissions is not None
    assert run.recomputed_emissions is not None
    printed, ours = run.emissions.p50, run.recomputed_emissions.p50
    print(f"{run.key:32} {printed:>14.7g} {ours:>14.7g} tCO2e")  # noqa: T201
    assert ours == pytest.approx(printed, rel=max(run.stated_tolerance, 0.5 / printed))
