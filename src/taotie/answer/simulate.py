"""A request log on a fleet of accelerators: latency, energy of each request, power. The ask behind `taotie simulate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from taotie.answer.answer import Answer, Column, Series, Table
from taotie.answer.asking import Chosen, answers
from taotie.answer.prompt import no_idle_draft
from taotie.answer.simulate_place import by_the_place
from taotie.errors import RangeError, UnknownNameError
from taotie.hardware.machines import machines
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said
from taotie.words.said import labels as labels_of

__all__ = ["SimulationDetail", "simulate"]

SWEPT = {
    "rate": "rate_scale",
    "max-batch": "max_batch",
    "on": "accelerator",
    "replicas": "replicas",
    "precision": "precision",
    "routing": "routing",
    "token-budget": "token_budget",
}
"""What `sweep` may vary, and its name in `ServingCase`."""

FIELDS = {
    "on": ("accelerator", "accelerators"),
    "slo": ("level",),
    "prefix_cache": ("prefix_cache_tokens",),
    "load_report": ("load_report_s",),
    "draft": ("drafted",),
    "acceptance": ("acceptance_rate",),
    "prefill_on": ("prefill_accelerator", "prefill_accelerators"),
    "pipeline": ("pipeline_stages",),
    "startup": ("startup_s",),
    "bin": ("bin_s",),
    "format": ("layout",),
    "sampled_hours": ("hours",),
}
"""Settings that have another name in `ServingCase` or `Wanted`."""

LOG = ("layout", "only", "strict", "session_prefix", "start_hour", "hours")
CHAT = ("per_day", "start_hour", "hours", "interval_cv", "day", "weekend", "mean_prompt", "mean_answer")  # fmt: skip
TALKS = (*CHAT, "turns", "think", "system_prompt")
"""Settings that say which requests came, for a log, for `chat` and for `conversations`."""


@dataclass(frozen=True)
class SimulationDetail:
    """What the page is drawn from."""

    done: Any
    curve: Any
    given: frozenset[str]
    options: Mapping[str, Any]
    rate_scale: float | None


@answers("simulate")
def simulate(chosen: Chosen) -> Answer:
    """Simulate a service request by request.

    Raises
    ------
    TaotieError
        If a name is unknown, a log cannot be read, settings do not go together, the model does not fit, or no
        fleet keeps what was promised.

    Examples
    --------
    >>> made = simulate("chat", model="llama-3.1-8b", on="h100-sxm:1", replicas=1, per_day=5000, sampled_hours=1)
    >>> made.to_dict()["replicas"]
    1
    """
    from taotie.compute.serving.output import checked_ending
    from taotie.workload.wanted import requests_of

    if not chosen.trace:
        raise RangeError(
            _("`taotie simulate` needs a log, or the name of a sampled one."),
            "taotie simulate chat --per-day 1e6 --slo ttft=1s,tpot=50ms",
        )
    for name in ("requests_out", "power_out"):
        if getattr(chosen, name) is not None:
            checked_ending(getattr(chosen, name), f"--{name.replace('_', '-')}")
    case = _case(chosen)
    wanted = _wanted(chosen)
    given = frozenset(f for name in chosen.given for f in FIELDS.get(name, (name,)))
    options = _options(wanted, chosen.scale_by)
    if chosen.stream:
        from taotie.compute.serving.streamed import coming, streams

        chosen.tell(_("reading requests"))
        whole = bool(chosen.sweep) or chosen.curve or not streams(case)
        with coming(wanted, chosen.scale_by, whole, chosen.tell) as found:
            return _of(chosen, found, case, given, options)
    chosen.tell(_("reading requests"))
    return _of(chosen, requests_of(wanted), case, given, options)


def _of(
    chosen: Chosen, requests: Any, case: Any, given: frozenset[str], options: dict[str, Any]
) -> Answer:
    """The answer for these requests."""
    if chosen.sweep:
        if chosen.requests_out or chosen.power_out or chosen.region is not None:
            raise RangeError(
                _(
                    "--requests-out, --power-out and --region go with one simulation, not with a sweep."
                )
            )
        return _sweep(chosen, requests, _cases(case, chosen.sweep))
    return _one(chosen, requests, case, given, options)


def _case(chosen: Chosen) -> Any:
    from taotie.compute.serving.case import ServingCase
    from taotie.compute.serving.service import ServiceLevel

    if "draft" not in {part.partition("=")[0] for part in chosen.sweep or ()}:
        no_idle_draft(chosen)
    chip, n = machines(chosen.on)
    reading, readers = "", None
    if chosen.prefill_on is not None:
        reading, readers = machines(chosen.prefill_on, "prefill-on")
    return ServingCase(
        model=chosen.model,
        accelerator=chip,
        accelerators=n,
        precision=chosen.precision,
        runtime=chosen.runtime,
        replicas=_count(chosen.replicas),
        level=ServiceLevel.parsed(chosen.slo) if chosen.slo else None,
        routing=chosen.routing.replace("-", "_"),
        max_batch=chosen.max_batch,
        token_budget=chosen.token_budget,
        chunked=chosen.chunked,
        prefix_cache_tokens=chosen.prefix_cache,
        prefix_in_pages=chosen.prefix_in_pages,
        prefix_margin=chosen.prefix_margin,
        load_report_s=chosen.load_report,
        acceptance_rate=chosen.acceptance,
        drafted=chosen.draft,
        draft_model=chosen.draft_model or "",
        pipeline_stages=chosen.pipeline,
        prefill_replicas=chosen.prefill_replicas,
        prefill_accelerator=reading,
        prefill_accelerators=readers,
        least_replicas=chosen.least_replicas,
        startup_s=chosen.startup,
        rate_scale=chosen.rate_scale,
        bin_s=chosen.bin,
        seed=chosen.seed,
        threads=chosen.threads,
        calibration=_calibration(chosen.calibrate),
        data_parallel=chosen.data_parallel,
        expert_parallel=chosen.expert_parallel,
        software_date=chosen.software_date or "",
    )


def _calibration(path: Any) -> Any:
    from taotie.compute.metered.calibration import read_calibration

    return read_calibration(path) if path else None


def _wanted(chosen: Chosen) -> Any:
    from taotie.workload.wanted import Wanted

    return Wanted(
        trace=chosen.trace,
        layout=chosen.format,
        only=tuple(chosen.only or ()),
        strict=chosen.strict,
        columns=chosen.columns or "",
        time_unit=chosen.time_unit or "",
        session_prefix=chosen.session_prefix,
        per_day=chosen.per_day,
        start_hour=chosen.start_hour,
        hours=chosen.sampled_hours,
        interval_cv=chosen.interval_cv,
        day=chosen.day,
        weekend=chosen.weekend,
        mean_prompt=chosen.mean_prompt,
        mean_answer=chosen.mean_answer,
        turns=chosen.turns,
        think=chosen.think,
        system_prompt=chosen.system_prompt,
        seed=chosen.seed,
    )


def _count(text: Any) -> int | None:
    if str(text) == "auto":
        return None
    text = str(text)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise RangeError(
            _("--replicas {text} is neither a number nor auto.").format(text=repr(text))
        )
    return int(text)


def _options(wanted: Any, scale_by: str) -> dict[str, Any]:
    """Settings that played a part in which requests came, and their values."""
    names = {"chat": CHAT, "conversations": TALKS}.get(wanted.trace, LOG)
    found = {name: getattr(wanted, name) for name in names}
    if names is not LOG:
        found["hours"] = wanted.duration_h
    return {**found, "scale_by": scale_by}


def _scaled(requests: Any, case: Any, by: str) -> tuple[Any, Any]:
    """Requests at the rate the case asks for, and the case without that wish."""
    import numpy as np

    from taotie.compute.serving.source import Source
    from taotie.workload.scaling import scaled

    if isinstance(requests, Source):
        return requests.faster(case.rate_scale), replace(case, rate_scale=1.0)
    rng = np.random.default_rng([case.seed, 1])
    return scaled(requests, case.rate_scale, by, rng), replace(case, rate_scale=1.0)


def _one(
    chosen: Chosen, requests: Any, asked: Any, given: frozenset[str], options: dict[str, Any]
) -> Answer:
    from taotie.compute.serving.case import run_case
    from taotie.compute.serving.output import power_columns, request_columns, write_columns

    requests, case = _scaled(requests, asked, chosen.scale_by)
    requests, of_clock = by_the_place(requests, chosen.region)
    chosen.tell(_("simulating"))
    done = run_case(requests, case)
    files = []
    for path, columns in (
        (chosen.requests_out, request_columns),
        (chosen.power_out, power_columns),
    ):
        if path is not None:
            write_columns(path, columns(done.run))
            files.append(str(path))
    curve = None
    if case.replicas is None or chosen.curve:
        curve = _curve(done, chosen)
    told = [_layout_said(requests.layout)] if requests.layout is not None else []
    settings = {**chosen.values, **_plain(asked)}
    settings["level"] = str(case.level) if case.level else None
    settings["scale_by"] = chosen.scale_by
    # per replica: as few as hold the model where nobody said
    settings["accelerators"] = done.serving.replica.accelerators
    made = _answer(
        done, done.summary(), done.run.power(), settings, [*told, *of_clock, *done.run.notes]
    )
    made = _placed(chosen, made, done)
    costs = _cost_of_promise(curve)
    return replace(
        made,
        files=tuple(files),
        own={**made.own, "slo_cost": costs},
        tables={**made.tables, **_promise_table(costs)},
        detail=SimulationDetail(done, curve, given, options, asked.rate_scale),
    )


def _placed(chosen: Chosen, made: Answer, done: Any) -> Answer:
    from taotie.answer.simulate_place import placed
    from taotie.compute.serving.case import setup_of

    setup = setup_of(done.case)
    each = int(setup.accelerators_per_replica) * int(done.case.pipeline_stages)
    return placed(chosen, made, each * int(made.own["replicas"]), setup.accelerator.name)


def _plain(case: Any) -> dict[str, Any]:
    """A case as settings; its calibration is named by its file already."""
    return {k: v for k, v in asdict(case).items() if k != "calibration"}


def _layout_said(layout: Said) -> Said:
    return replace(layout, code=f"requests.{layout.code}")


def _answer(
    done: Any, summary: dict[str, Any], power: Any, settings: Mapping[str, Any], notes: list[Said]
) -> Answer:
    """What both ways of simulating share."""
    figures = {}
    if summary["energy_per_request_j"]["mean"] is not None:
        from taotie.compute.serving.case import mean_energy_per_request

        figures["energy_per_request"] = mean_energy_per_request(done).named(
            "energy_per_request", **labels_of(N_("Energy per request, simulated"))
        )
    low, high = summary["energy_range"]
    notes = [*notes, _range_said(done.case, low, high)]
    from taotie.compute.serving.case import setup_said

    own = {k: v for k, v in summary.items() if k != "notes"}
    own["notes"] = [note.text("en") for note in notes]
    pools = [done.serving.replica.name]
    if done.serving.writing is not None:
        pools.append(done.serving.writing.replica.name)
    own["machines"] = " + ".join(dict.fromkeys(pools))
    return Answer(
        "simulate",
        settings,
        figures,
        series={
            "power": Series("W", _step_h(power), {"total": power.total_w}, "server"),
            "batch": Series("1", _step_h(power), {"mean_batch": power.mean_batch}),
        },
        tables=_tables(summary),
        said=(*setup_said(done.case), *notes),
        own=own,
    )


def _range_said(case: Any, low: float, high: float) -> Said:
    if case.calibration is not None:
        return Said(
            "energy_calibrated",
            N_(
                "energies at work are {factor:.3f} times the model's, as measured on this machine; true values are {a:.2f} to {b:.2f} times these (nine times out of ten)"
            ),
            {"factor": case.calibration.factor, "a": low, "b": high},
        )
    return Said(
        "energy_range",
        N_(
            "the energy model may be off: true values are {a:.2f} to {b:.2f} times these (nine times out of ten)"
        ),
        {"a": low, "b": high},
    )


def _step_h(power: Any) -> float:
    times = power.t_s
    return float(times[1] - times[0]) / 3600.0 if len(times) > 1 else 0.0


PARTS = {
    "prefill": N_("reading"), "decode": N_("writing"), "idle": N_("waiting"),
    "host": N_("host"), "transfer": N_("transfer"), "total": N_("total"),
}  # fmt: skip
"""Where the energy of a service goes, in words."""


def _tables(summary: Mapping[str, Any]) -> dict[str, Table]:
    energy = summary["energy_j"]
    kwh = 1 / 3.6e6
    parts = Table(
        (Column("part", "", N_("part")), Column("energy", "kWh", N_("energy"))),
        tuple((name, energy[name] * kwh) for name in PARTS if name in energy),
        N_("where the energy goes"),
    )
    heads = ("mean", "p05", "p50", "p95", "p99")
    rows = [
        (
            key.rpartition("_")[0],
            unit,
            *(None if summary[key].get(q) is None else summary[key][q] * scale for q in heads),
        )
        for key, unit, scale in (
            ("energy_per_request_j", "J", 1.0), ("ttft_s", "s", 1.0), ("tpot_s", "ms", 1e3),
        )
    ]  # fmt: skip
    spread = Table(
        (
            Column("quantity", "", N_("quantity")),
            Column("unit", "", N_("unit")),
            *(Column(h) for h in heads),
        ),
        tuple(rows),
    )
    return {"parts": parts, "requests": spread}


def _cost_of_promise(curve: Any) -> list[dict[str, Any]]:
    """Energy per request against latency around the smallest fleet (for `replicas="auto"`)."""
    if curve is None or curve.level is None:
        return []
    return [
        {
            "replicas": point.replicas,
            "energy_per_request_j": point.energy_per_request_j,
            "share": curve.share,
            "ttft_s": point.ttft_s,
            "tpot_s": point.tpot_s,
            "slo_share_kept": point.kept,
            "requests": curve.n_request,
        }
        for point in curve.points
    ]


def _promise_table(costs: list[dict[str, Any]]) -> dict[str, Table]:
    if not costs:
        return {}
    columns = (
        Column("replicas", "", N_("replicas")),
        Column("energy_per_request_j", "J", N_("energy per request")),
        Column("ttft_s", "s", N_("time to first token")),
        Column("tpot_s", "s", N_("time per later token")),
        Column("slo_share_kept", "1", N_("promise kept")),
    )
    rows = tuple(tuple(row[c.name] for c in columns) for row in costs)
    return {"promise": Table(columns, rows, N_("what the promise costs, by size of the fleet"))}


def _curve(done: Any, chosen: Chosen) -> Any:
    """A few more fleets simulated; None where no one number of replicas can vary."""
    from taotie.compute.serving.promise_cost import cost_of_promise

    serving = done.serving
    if serving.scaling is not None or serving.writing is not None or not len(done.run.number):
        return None
    chosen.tell(_("simulating other fleets"))
    return cost_of_promise(
        done.requests,
        serving,
        done.case.level,
        run=done.run,
        progress=lambda i, n, size: chosen.tell(
            _("simulating fleet {i} of {n}: {size} replicas").format(
                i=min(i + 1, n), n=n, size=size
            )
        ),
    )


def _cases(base: Any, sweeps: tuple[str, ...]) -> list[tuple[dict[str, str], Any]]:
    """Every combination of the swept values, in order."""
    cases: list[tuple[dict[str, str], Any]] = [({}, base)]
    for text in sweeps:
        key, sign, values = text.partition("=")
        if key not in SWEPT or not sign or not values:
            raise UnknownNameError(
                _("--sweep {text} is not understood.").format(text=text),
                _("such as rate=1,2,4; known: {names}").format(names=listing(SWEPT)),
            )
        more = []
        for labels, case in cases:
            for value in values.split(","):
                more.append(({**labels, key: value}, _with(case, key, value)))
        cases = more
    return cases


def _with(case: Any, key: str, value: str) -> Any:
    name = SWEPT[key]
    if key == "on":
        chip, n = machines(value)
        return replace(case, accelerator=chip, accelerators=n)
    if name in ("precision", "routing"):
        return replace(case, **{name: value.replace("-", "_") if name == "routing" else value})
    try:
        number = float(value) if name == "rate_scale" else int(value)
    except ValueError:
        raise RangeError(
            _("--sweep {key}: {value} is not a number.").format(key=key, value=repr(value))
        ) from None
    return replace(case, **{name: number})


def _sweep(chosen: Chosen, requests: Any, cases: list[tuple[dict[str, str], Any]]) -> Answer:
    from taotie.compute.serving.case import sweep

    chosen.tell(_("simulating"))
    if chosen.scale_by == "time":
        found = sweep(requests, [case for _l, case in cases], chosen.processes, chosen.cluster)
    else:
        found = [{}] * len(cases)
        for rate in dict.fromkeys(case.rate_scale for _labels, case in cases):
            mine = [i for i, (_labels, case) in enumerate(cases) if case.rate_scale == rate]
            made, _rest = _scaled(requests, cases[mine[0]][1], chosen.scale_by)
            jobs = [replace(cases[i][1], rate_scale=1.0) for i in mine]
            done = sweep(made, jobs, chosen.processes, chosen.cluster)
            for i, out in zip(mine, done, strict=True):
                found[i] = out
    rows = [{"case": labels, **out} for (labels, _c), out in zip(cases, found, strict=True)]
    names = list(cases[0][0])
    columns = (
        *(Column(name) for name in names),
        Column("replicas", "", N_("replicas")),
        Column("energy_per_request", "J", N_("energy per request")),
        Column("ttft_p99", "s", N_("time to first token, 99 %")),
        Column("tpot_p99", "s", N_("time per later token, 99 %")),
        Column("mean_batch", "", N_("mean batch")),
    )
    cells = tuple(
        (
            *(row["case"][n] for n in names),
            row["replicas"],
            row["energy_per_request_j"]["mean"],
            row["ttft_s"]["p99"],
            row["tpot_s"]["p99"],
            row["mean_batch"],
        )
        for row in rows
    )
    return Answer(
        "simulate",
        chosen.values,
        tables={"sweep": Table(columns, cells)},
        own={"sweep": rows},
    )
