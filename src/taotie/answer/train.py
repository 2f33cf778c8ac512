"""What does a training run take? The ask behind `taotie train`. [MWh]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import Chosen, answers, default_said
from taotie.errors import RangeError
from taotie.hardware.machines import machines
from taotie.quantity.evaluation import leaves
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _, in_language, language
from taotie.words.said import Said, in_each_language, labels

if TYPE_CHECKING:
    from taotie.compute.training.training_run_energy import TrainingEstimate

__all__ = ["published_training_runs", "train"]


_SHARE = "taotie_training2026.active_share"
WORDS = {"computation": N_("Operations of the run"), "accelerators": N_("Accelerators of the run")}
"""Of figures that the room takes as given."""


@answers("train")
def train(chosen: Chosen) -> Answer:
    """Energy of a training run from chips and hours, operations, or parameters and tokens.

    Raises
    ------
    RangeError
        If neither hours nor work is given, both are, or a value is out of range.

    Examples
    --------
    GPT-3 as published: 10,000 V100 at 14.8 days, 1,287 MWh:

    >>> made = train(on="v100-32gb", accelerators=10_000, days=14.8, watts=330, pue=1.1, region="USA")
    >>> 1200 < made.figures["energy"].to("MWh").p50 < 1400
    True
    """
    from taotie.compute.energy.model_architecture import model_architecture, model_used
    from taotie.compute.training.training_run_energy import (
        processor_over_accelerator,
        training_estimate,
    )
    from taotie.compute.training.training_size import active_parameters, active_parameters_of
    from taotie.fleet.comparison import equivalents
    from taotie.grid.emissions import intensity

    if chosen.hours is not None and chosen.days is not None:
        raise RangeError(_("hours and days are the same thing: give one."))
    chip, count = machines(chosen.on)
    if count is not None and chosen.accelerators is not None:
        raise RangeError(_("--on with a number and --accelerators are the same thing: give one."))
    used: tuple[Said, ...] = ()
    size = None if chosen.params is None else active_parameters(chosen.params)
    if chosen.model is not None:
        if size is not None:
            raise RangeError(_("a model has its own parameters: give --model or --params."))
        size = active_parameters_of(chosen.model)
        used = model_used(model_architecture(chosen.model))
    grid = intensity(chosen.region)
    made = training_estimate(
        chip,
        accelerators=chosen.accelerators if count is None else float(count),
        hours=chosen.hours if chosen.days is None else 24.0 * chosen.days,
        computation=chosen.flop,
        parameters=size,
        tokens=chosen.tokens,
        mfu=chosen.mfu,
        pue=chosen.pue,
        power_w=chosen.watts,
        carbon_intensity=grid.average,
        failures=chosen.failures,
    )
    power, energy = processor_over_accelerator(chip)
    named = {
        **{k: f if f.label else f.named(k, **labels(WORDS[k])) for k, f in made.figures.items()},
        "accelerator_over_processor_power": power.named(
            "accelerator_over_processor_power",
            **labels(N_("Draw of an accelerator over that of a processor")),
        ),
        "processor_over_accelerator_energy": energy.named(
            "processor_over_accelerator_energy",
            **labels(N_("Energy of the same work on processors over accelerators")),
        ),
    }
    basis = in_each_language(lambda: _basis(chosen.region))
    said = [*used, Said("grid_basis", "", {}, basis)]
    if chosen.break_even is not None:
        served = leaf(
            "serving", unit="MWh/d", value=float(chosen.break_even), kind="assumed", boundary="facility",
            label=labels(N_("Electricity of the service that answers with the model")), note="stated",
        )  # fmt: skip
        named |= {"serving": served, "break_even": _break_even(made.figures["energy"], served)}
        said.append(Said("break_even", N_("serving passes training once; each day after it adds to what was served, and a model that is trained again starts anew"), {}))  # fmt: skip
    for i, one in enumerate(equivalents(made.figures["energy"])[:3]):
        texts = in_each_language(lambda i=i: _like(made.figures["energy"], i))  # type: ignore[misc]
        said.append(Said(f"equivalent.{one.key}", "", {}, texts))
    said.append(
        Said(
            "processor_over_accelerator",
            N_(
                "One accelerator is rated {power} times a server processor, but processors would take {low} to {high} times the energy for the same work."
            ),
            {"power": _short(power.p50), "low": _short(energy.p05), "high": _short(energy.p95)},
        )
    )
    return Answer(
        "train",
        {**chosen.values, "on": chip},
        named,
        said=(*said, *_assumed(made, size), *chosen.defaults()),
        show=(
            *(("break_even",) if "break_even" in named else ()), "energy", "energy_server", "energy_lost", "emissions", "wall_hours",
            "accelerator_hours", "power",
        ),
        own={
            "accelerator": made.accelerator,
            "given": list(made.given),
            "region": grid.region,
            "year": grid.year,
            **{key: _values(f) for key, f in named.items()},
        },
        detail=made,
    )  # fmt: skip


def _assumed(made: TrainingEstimate, size: Figure | None) -> list[Said]:
    """Defaults of the room: what nobody said of this run, with the range taken for it."""
    from taotie.compute.training.training_run_energy import MACHINES, SITE
    from taotie.quantity.catalog import figure, table

    told = []
    if "accelerators" not in made.given:
        told.append(default_said("accelerators", f"{MACHINES:g}", N_("energy does not hang on their number, time does")))  # fmt: skip
    if "mfu" not in made.given and "hours" not in made.given:
        told.append(default_said("mfu", _range(figure("taotie_training2026.mfu")), N_("share of the dense peak that large runs report")))  # fmt: skip
    if "power_w" not in made.given:
        share = figure("taotie_training2026.power_share")
        told.append(default_said("watts", Said("range", N_("{low} to {high}"), {"low": _short(share.p05 * made.rated_w), "high": f"{_short(share.p95 * made.rated_w)} W"}), N_("mean over rated power of training servers")))  # fmt: skip
    if "pue" not in made.given:
        told.append(default_said("pue", _range(table("pue").figure(*SITE)), N_("buildings for AI servers")))  # fmt: skip
    if size is not None and any(one.key == _SHARE for one in leaves(size)):
        told.append(default_said("active", _range(figure(_SHARE)), N_("share of all parameters that work on each token: only the total was said")))  # fmt: skip
    return told


def _range(figure: Figure) -> str | Said:
    low, high = _short(figure.p05), _short(figure.p95)
    return low if low == high else Said("range", N_("{low} to {high}"), {"low": low, "high": high})


def _break_even(energy: Figure, served: Figure) -> Figure:
    """Days after which serving has used as much as training did."""
    from taotie.compute.training.training_energy import break_even_days

    made = break_even_days(energy, served)
    words = labels(N_("Days until serving has used as much as training"))
    return made.named("break_even", en=words["en"], zh=words["zh"])


def _like(energy: Any, rank: int) -> str:
    from taotie.fleet.comparison import equivalents

    return f"= {equivalents(energy)[rank]}"


def _basis(region: str) -> str:
    from taotie.grid.emissions import BASES, intensity

    grid = intensity(region)
    basis = in_language(BASES[grid.average_basis], language())
    return _("grid: {name}, {year}, {basis}").format(name=grid.name, year=grid.year, basis=basis)


def _short(value: float) -> str:
    from taotie.quantity.wording import number

    return number(value)


def _values(figure: Any) -> dict[str, Any]:
    value = figure.value
    return {
        "unit": figure.unit,
        "boundary": figure.boundary,
        "kind": figure.kind,
        "p05": value.p05,
        "p50": value.p50,
        "p95": value.p95,
    }


def published_training_runs() -> Answer:
    """Published training runs, each computed again from what was published of it."""
    from taotie.compute.training.training_energy import published_runs

    rows = []
    for run in published_runs():
        ours = run.recomputed_energy.p50
        printed = run.energy.p50 if run.energy else None
        rows.append(
            (
                run.label,
                run.accelerator,
                printed,
                ours,
                None if printed is None else ours / printed - 1,
                run.recomputed_energy.boundary,
                run.emissions.p50 if run.emissions else None,
                run.recomputed_emissions.p50 if run.recomputed_emissions else None,
            )
        )
    columns = (
        Column("name", "", N_("run")),
        Column("accelerator"),
        Column("published_mwh", "MWh", N_("published")),
        Column("ours_mwh", "MWh", N_("ours")),
        Column("deviation", "1", N_("deviation")),
        Column("boundary", "", N_("boundary")),
        Column("published_t", "tCO2e"),
        Column("ours_t", "tCO2e"),
    )
    table = Table(columns, tuple(rows))
    return Answer("train_published", tables={"runs": table}, own={"runs": table.records()})
