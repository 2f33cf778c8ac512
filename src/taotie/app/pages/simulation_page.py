"""How does a person read a simulated service? One page, both languages, pictures first, every default listed.

Everything shown is simulated from the calibrated energy model: modelled, never measured.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from taotie import __version__
from taotie.answer.parts.simulation import (
    CaseRun,
    PromiseCurve,
    Requests,
    miss_of,
    profile,
    setup_of,
)
from taotie.app.charts.picture import Absent, Picture, amount, sentences
from taotie.app.charts.simulation_charts import batch_picture, clock, percent, power_picture
from taotie.app.charts.simulation_promise_charts import (
    latency_picture,
    promise_picture,
    promise_title,
)
from taotie.app.charts.simulation_request_charts import energy_picture, length_picture
from taotie.app.pages.headline import Tile, tile
from taotie.app.pages.html import page_html
from taotie.app.pages.page import accuracy_picture
from taotie.app.pages.simulation_tables import (
    count_rows,
    default_rows,
    given_fields,
    limits,
    machine_figures,
    option_rows,
    run_warnings,
    setup_rows,
)
from taotie.app.pages.tables import SourceRow, source_row, source_rows
from taotie.app.pages.words import page_words
from taotie.errors import RangeError, SourceError
from taotie.files.atomic import write_bytes
from taotie.quantity.catalog import source
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.wording import number
from taotie.words.language import N_, _
from taotie.words.said import Said, labels

__all__ = ["simulation_html", "write_simulation_report"]


@dataclass(frozen=True)
class Shown:
    """What both languages share: computed once."""

    done: CaseRun
    summary: dict[str, Any]
    course: profile.TimeCourse
    energy: profile.EnergyDistribution
    length: profile.EnergyByLength
    spent: profile.BatchTime
    ttft: tuple[Any, Any]
    tpot: tuple[Any, Any]
    attained: float | None
    promise: PromiseCurve | None
    given: frozenset[str]
    command: tuple[str, ...]
    options: Mapping[str, Any]
    said: tuple[Said, ...] = ()


def write_simulation_report(
    done: CaseRun,
    path: Path,
    opened: str | None = None,
    *,
    promise: PromiseCurve | None = None,
    given: Collection[str] | None = None,
    command: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    said: Sequence[Said] | None = None,
) -> None:
    """Write the report of a simulated service as one HTML file that needs nothing else.

    Parameters
    ----------
    done : CaseRun
        The case and what happened.
    path : Path
        Where the file shall stand; written aside, then renamed.
    opened : str, optional
        "en" or "zh": which language the file opens in; both are inside.
    promise : PromiseCurve, optional
        From `cost_of_promise`; without it that picture is named as absent.
    given : collection of str, optional
        Fields of `ServingCase` that a person gave; all others are listed as defaults. Left out: those
        that differ from the defaults.
    command : sequence of str, optional
        Words of the command line that makes the page again.
    options : mapping, optional
        Further settings of the requests by option name; listed as given if their name is in `given`.
    said : sequence of Said, optional
        What the answer says beside its numbers; left out: what the run itself has to say.

    Raises
    ------
    RangeError
        If nobody was served: there is nothing to show.
    MissingExtraError
        If the extra `report` is not installed.
    DataError
        If the place cannot be written.
    """
    text = simulation_html(
        done, opened, promise=promise, given=given, command=command, options=options, said=said
    )
    write_bytes(path, text.encode("utf-8"))


def simulation_html(
    done: CaseRun,
    opened: str | None = None,
    *,
    promise: PromiseCurve | None = None,
    given: Collection[str] | None = None,
    command: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    said: Sequence[Said] | None = None,
) -> str:
    """The report as text; see `write_simulation_report`."""
    shown = replace(
        _shown(done, promise, given, command),
        options=dict(options or {}),
        said=tuple(_own_notes(done) if said is None else said),
    )
    return page_html("simulation.html", lambda: _half(shown), opened)


def _shown(
    done: CaseRun,
    promise: PromiseCurve | None,
    given: Collection[str] | None,
    command: Sequence[str],
) -> Shown:
    run = done.run
    summary = run.summary()
    if not summary["completed"]:
        raise RangeError(_("no request was served: there is no energy per request."))
    known = frozenset(given_fields(done.case) if given is None else given)
    came = done.requests.t_s if isinstance(done.requests, Requests) else None
    course = profile.time_course(run, came)
    length = profile.energy_by_length(run)
    spent = profile.time_at_batch(run)
    ttft = profile.cumulative(run.ttft_s)
    tpot = profile.cumulative(run.tpot_s[run.output > 1])
    level = done.case.level
    attained = None if level is None else run.attainment(level)
    energy = profile.energy_distribution(run)
    return Shown(
        done, summary, course, energy, length, spent, ttft, tpot, attained, promise, known,
        tuple(command), {},
    )  # fmt: skip


# ---- figures ---------------------------------------------------------------------------------------------


def _figures(shown: Shown) -> dict[str, Figure]:
    """Headline and key figures: the run's own numbers, energies with the energy model's error."""
    done, summary = shown.done, shown.summary
    batch = max(float(summary["mean_batch"]), 1.0)
    factor = miss_of(done.case, batch)
    return {
        "energy_per_request": _energy_figure(
            summary["energy_per_request_j"]["mean"] / 3600.0, "Wh/request", N_("Energy per request, mean"), factor, "energy_per_request",
        ),
        "total_energy": _energy_figure(
            summary["energy_j"]["total"] / 3.6e6, "kWh", N_("Energy, all requests"), factor, "total_energy"
        ),
        "mean_power": _energy_figure(
            summary["mean_power_w"] / 1e3, "kW", N_("Mean power of the fleet"), factor, "mean_power"
        ),
        "peak_power": _leaf(summary["peak_power_w"] / 1e3, "kW", N_("Peak power of the fleet"), "peak_power", "server"),
        "ttft_p99": _leaf(summary["ttft_s"]["p99"], "s", N_("First token, 99 % within"), "ttft_p99"),
        **(
            {} if summary["tpot_s"]["p99"] is None else {"tpot_p99": _leaf(1e3 * summary["tpot_s"]["p99"], "ms", N_("Each later token, 99 % within"), "tpot_p99")}
        ),
        "mean_batch": _leaf(summary["mean_batch"], "1", N_("Mean batch of a busy replica"), "mean_batch"),
        "busy": _leaf(100 * profile.busy_share(done.run), "%", N_("Time replicas are busy"), "busy"),
        **(
            {} if shown.attained is None else {"kept": _leaf(100 * shown.attained, "%", N_("Requests that keep the promise"), "kept")}
        ),
    }  # fmt: skip


def _leaf(value: float, unit: str, name: str, key: str, boundary: str | None = None) -> Figure:
    return leaf(
        f"simulation.{key}", unit=unit, boundary=boundary, kind="modelled", value=float(value),
        note="simulated", label=labels(name),
    )  # fmt: skip


def _energy_figure(value: float, unit: str, name: str, factor: Figure, key: str) -> Figure:
    # the requests are given, so their energy and the mean power of serving them are off by the same factor
    figure = _leaf(value, unit, name, f"{key}.central", "server") * factor
    return figure.named(f"simulation.{key}", **labels(name)).of_kind("modelled")


def _tile(key: str, figure: Figure, raw: float) -> Tile:
    """A tile whose raw value is the run's, not the median of the draws of the error."""
    return replace(tile(key, figure), raw=raw)


# ---- the page --------------------------------------------------------------------------------------------


def _half(shown: Shown) -> dict[str, Any]:
    done, summary = shown.done, shown.summary
    figures = _figures(shown)
    raw = {key: f.p50 for key, f in figures.items()} | {
        "energy_per_request": summary["energy_per_request_j"]["mean"] / 3600.0,
        "total_energy": summary["energy_j"]["total"] / 3.6e6,
        "mean_power": summary["mean_power_w"] / 1e3,
    }
    requests = getattr(done, "requests", None)
    when = clock(
        summary["span_s"], getattr(requests, "start_h", None), getattr(requests, "in_utc", False)
    )
    drawn: list[Picture | Absent] = [
        power_picture(shown.course, summary, when, done.case.bin_s),
        energy_picture(shown.energy, summary["energy_per_request_j"]),
        _promise(shown),
        batch_picture(
            shown.course, when, done.serving.replica.limits.max_batch, shown.spent,
            done.case.least_replicas is not None,
        ),
        latency_picture(shown.ttft, shown.tpot, done.case.level, shown.attained),
        length_picture(shown.length),
    ]  # fmt: skip
    pictures = [p for p in drawn if isinstance(p, Picture)]
    words = page_words() | _words()
    settings = setup_rows(done, shown.given)
    listed = source_rows([*figures.values(), *machine_figures(done.case).values()])
    keys = [row.source for row in settings] + [k for p in pictures for k in p.sources]
    sources, known = _all_sources(listed, keys)
    return {
        "w": words,
        "title": _("{model} on {machines}: a simulated service").format(
            model=setup_of(done.case).model.name, machines=_machines(done)
        ),
        "main": _tile("energy_per_request", figures["energy_per_request"], raw["energy_per_request"]),
        "sentence": _sentence(shown),
        "tiles": [
            _tile(key, figures[key], raw[key]) for key in figures if key != "energy_per_request"
        ],
        "warnings": run_warnings(done, summary),
        "pictures": pictures,
        "absent": [p for p in drawn if isinstance(p, Absent)],
        "contents": [
            (key, words[key]) for key in ("setup", "defaults", "counts", "limits", "sources", "again")
        ],
        "setup": [*settings, *option_rows(shown.options, shown.given, True)],
        "defaults": [
            *option_rows(shown.options, shown.given, False), *default_rows(done.case, shown.given)
        ],
        "counts": count_rows(done, summary),
        "known": known,
        "notes": [one.text() for one in shown.said],
        "accuracy": accuracy_picture(list(figures.values())),
        "range": _range_words(figures["energy_per_request"]),
        "limits": limits(done),
        "sources": sources,
        "command": shlex.join(shown.command),
        "made": _("Made by taotie {version}, seed {seed}.").format(
            version=__version__, seed=done.case.seed
        ),
    }  # fmt: skip


def _own_notes(done: CaseRun) -> list[Said]:
    """What a run has to say where no answer stands behind the page."""
    return list(getattr(done.run, "notes", ()))


def _all_sources(rows: list[SourceRow], keys: Sequence[str]) -> tuple[list[SourceRow], set[str]]:
    """Sources of figures and those named in tables and pictures; keys the catalogue has."""
    found = {row.key: row for row in rows}
    for key in keys:
        if key and key not in found:
            try:
                found[key] = source_row(source(key))
            except SourceError:  # a log of one's own
                continue
    return [found[key] for key in sorted(found)], set(found)


def _machines(done: CaseRun) -> str:
    n = done.serving.replicas + (done.serving.writing.replicas if done.serving.writing else 0)
    chip = setup_of(done.case)
    machines = f"{n * chip.accelerators_per_replica} × {chip.accelerator.label}"
    return machines if done.serving.scaling is None else _("up to {n}").format(n=machines)


def _promise(shown: Shown) -> Picture | Absent:
    title = promise_title(shown.done.case.level)
    if shown.promise is not None:
        return promise_picture(shown.promise)
    serving = shown.done.serving
    if serving.scaling is not None or serving.writing is not None:
        why = _(
            "With two pools, or replicas that are started and stopped, there is no one number of replicas to vary."
        )
    else:
        why = _("No other sizes of the fleet were simulated.")
    return Absent("promise", title, why)


def _range_words(figure: Figure) -> str:
    value = figure.value
    return _(
        "True values are {a} to {b} times those shown, in nine cases of ten, by how far the model missed model families it had not seen."
    ).format(a=number(value.p05 / value.p50), b=number(value.p95 / value.p50))


def _sentence(shown: Shown) -> str:
    summary, each = shown.summary, shown.summary["energy_per_request_j"]
    mean, peak = summary["mean_power_w"], summary["peak_power_w"]
    scale, unit = (1e6, "MW") if peak >= 1e6 else (1e3, "kW") if peak >= 1e3 else (1.0, "W")
    parts = [
        _(
            "A request takes {mean} J on average; nine of ten take {low} to {high} J. The range of the mean is the energy model's error."
        ).format(
            mean=number(each["mean"], 3), low=number(each["p05"], 3), high=number(each["p95"], 3)
        ),
        _("The fleet draws {mean} on average and {peak} at its peak.").format(
            mean=amount(mean / scale, unit, 3), peak=amount(peak / scale, unit, 3)
        ),
    ]
    if shown.attained is not None and shown.done.case.level is not None:
        parts.append(
            _("{kept} of the requests keep the promise, {want} must.").format(
                kept=percent(shown.attained), want=percent(shown.done.case.level.share)
            )
        )
    return sentences(*parts)


def _words() -> dict[str, str]:
    return {
        "about": _("What a service of AI draws over time, and what one request's part of it is"),
        "setup": _("Set-up"),
        "setup_lead": _("What was simulated, and where its numbers come from."),
        "origin": _("Where it comes from"),
        "defaults": _("Defaults used"),
        "defaults_lead": _("These were not given; each was filled in with a stated value."),
        "counts": _("What happened"),
        "counts_lead": _("Counted by the simulator; energies at the server's plug."),
        "note": _("What it means"),
        "no_source": _("this simulation's own calculation"),
        "limits": _("What this method does not see"),
        "absent": _("Not on this page"),
        "again": _("Make this page again"),
        "again_lead": _("With the same log, the same version and the same seed it is the same to the last digit."),
    }  # fmt: skip
