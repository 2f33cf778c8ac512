"""What was really drawn, by whom, and what was it on the grid? Meters and logs in, one `Answer` out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Series, Table
from taotie.answer.asking import answers_with
from taotie.answer.meter_keep import kept_in
from taotie.errors import MeterError, RangeError, TraceError
from taotie.metering.import_file import read_meter_files
from taotie.metering.recording import Recording
from taotie.metering.window import iso_time
from taotie.quantity.figure import Figure, leaf
from taotie.words.language import N_, _, in_language, language
from taotie.words.said import Said, labels

__all__ = ["meter_files", "meter_report", "recording_answer", "with_hours"]

LEVEL = {
    "device": "accelerator",
    "module": "accelerator",
    "package": None,
    "board": "server",
    "wall": "server",
}
KIND = {"counter": "measured", "integrated": "estimated", "estimated": "estimated"}
SHOWN_WINDOWS = 500


def _figure(
    key: str,
    value: float,
    unit: str,
    label: str,
    kind: str,
    boundary: str | None,
    note: str,
    **more: Any,
) -> Figure:
    return leaf(
        key, unit=unit, kind=kind, boundary=boundary, label=labels(label), note=note,
        **(more or {"value": float(value)}),
    )  # fmt: skip


SENSORS = {
    "device": N_("accelerator"), "module": N_("accelerator with its processor"), "package": N_("processor socket"), "board": N_("board"),
    "wall": N_("plug"),
}  # fmt: skip
QUALITIES = {"counter": N_("energy counter"), "integrated": N_("power over time"), "estimated": N_("estimated")}  # fmt: skip


def sensor_word(boundary: str) -> str:
    """Where a meter sits, in the language in force."""
    return in_language(SENSORS[boundary], language()) if boundary in SENSORS else boundary


def quality_word(quality: str) -> str:
    """How its joules came about, in the language in force."""
    return in_language(QUALITIES[quality], language()) if quality in QUALITIES else quality


def _resets(windows: Sequence[Any]) -> list[Said]:
    """What is told of counters that went back."""
    times: dict[str, int] = {}
    for one in windows:
        if one.resets:
            times[one.channel] = times.get(one.channel, 0) + one.resets
    return [
        Said(
            "counter_reset",
            N_("{channel}: the counter went back {n} times (its driver was loaded again, or it was set to 0); what it counted in between is unknown and not in the sum."),
            {"channel": channel, "n": n},
        )
        for channel, n in list(times.items())[:20]
    ]  # fmt: skip


MUCH_GAP = 0.1
"""From this share of a span on, gaps are told. [1]"""


def _gappy(windows: Sequence[Any]) -> list[Said]:
    """What is told of meters that were silent for much of their span."""
    found = []
    for one in windows:
        span = (one.end_ns - one.start_ns) / 1e9
        if one.joules is not None and span > 0 and one.gap_s > MUCH_GAP * span:
            found.append(
                Said(
                    "mostly_gaps",
                    N_("{channel}: {share:.0f} % of its span are gaps, by the usual time between its readings; readings that come in pairs are often two meters under one name"),
                    {"channel": one.channel, "share": 100 * one.gap_s / span},
                )
            )  # fmt: skip
    return found[:20]


def _channels(recording: Recording, windows: Sequence[Any], summed: set[str]) -> Table:
    about = {c.id: c for c in recording.channels}
    rows = []
    for one in windows[:SHOWN_WINDOWS]:
        channel = about.get(one.channel)
        rows.append(
            (
                one.channel, channel.name if channel else "", one.boundary, one.quality, one.joules, one.low_j,
                one.high_j, one.channel in summed, round(one.gap_s, 3), one.wraps, one.resets,
                one.note or (channel.note if channel else ""),
            )
        )  # fmt: skip
    return Table(
        (
            Column("channel", "", N_("meter")), Column("name", "", N_("name")), Column("boundary", "", N_("boundary"), sensor_word),
            Column("quality", "", N_("quality"), quality_word), Column("joules", "J", N_("energy")), Column("low_j", "J", N_("at least")),
            Column("high_j", "J", N_("at most")), Column("added", "", N_("added")), Column("gap_s", "s", N_("gaps")),
            Column("wraps", "", N_("wraps")), Column("resets", "", N_("resets")), Column("note", "", N_("note")),
        ),
        tuple(rows),
        N_("Meters"),
    )  # fmt: skip


def recording_answer(
    recording: Recording, settings: Mapping[str, Any], ask: str = "meter import"
) -> Answer:
    """What meters say, each joule once, without requests.

    Parameters
    ----------
    recording : Recording
    settings : mapping
        What was asked for.
    """
    windows = recording.energy_windows()
    picked = recording.chosen()
    summed = {c.id for c in picked.summed} | {w.channel for w in recording.windows}
    totals: dict[str, float] = {}
    quality: dict[str, str] = {}
    for one in windows:
        if one.channel in summed and one.joules is not None:
            totals[one.boundary] = totals.get(one.boundary, 0.0) + one.joules
            worst = [quality.get(one.boundary, "counter"), one.quality]
            quality[one.boundary] = max(worst, key=list(KIND).index)
    figures = {
        f"energy_{place}": _figure(
            f"energy_{place}", joules, "J", _PLACE_LABELS[place], KIND[quality[place]], LEVEL[place],
            recording.source or "meter",
        )
        for place, joules in totals.items()
    }  # fmt: skip
    said = [*recording.said, *picked.left_out, *_resets(windows), *_gappy(windows)]
    if not totals:
        said.append(
            Said("no_meter", N_("No meter could be read: the energy is missing, not zero."), {})
        )
    return Answer(
        ask,
        settings,
        figures,
        tables={"channels": _channels(recording, windows, summed)},
        said=tuple(said),
        own={
            "windows": [w.to_dict() for w in windows[:SHOWN_WINDOWS]],
            "energy_j": {"total": sum(totals.values()) if totals else None, **totals},
            "gaps": [{"channel": w.channel, **g.to_dict()} for w in windows for g in w.gaps][
                :SHOWN_WINDOWS
            ],
        },
        detail=recording,
    )


_PLACE_LABELS = {
    "device": N_("energy of the accelerators"),
    "module": N_("energy of the modules, accelerator and processor"),
    "package": N_("energy of processors and memory"),
    "board": N_("energy of the boards"),
    "wall": N_("energy at the plug"),
}


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """``a=b,c=d`` as a mapping.

    Raises
    ------
    RangeError
        If a part is not a name and a value.

    Examples
    --------
    >>> pairs(["time=created_at,prompt=n_in"], "--columns")
    {'time': 'created_at', 'prompt': 'n_in'}
    """
    found = {}
    for text in given:
        for part in text.split(","):
            key, sign, value = (w.strip() for w in part.partition("="))
            if not sign or not key or not value:
                raise RangeError(
                    _("{option} {part}: a name, =, and a value.").format(option=option, part=part),
                    f"{option} start=created_at,prompt=n_in",
                )
            found[key] = value
    return found


def with_hours(answer: Answer) -> Answer:
    """What a recording holds with its course and its hours, as a page shows it.

    Raises
    ------
    MeterError
        If no meter of it has two readings.
    """
    from taotie.study.metered_day import metered_day

    recording = answer.detail
    day = metered_day(recording)
    said = list(day.said)
    cost, hours = _cost(day, None, "", None, None, None, None, said)
    made = _answer(recording, day, answer.settings, said, cost, hours, None, answer.files)
    return replace(made, ask=answer.ask)


@answers_with("meter import")
def meter_files(
    paths: Sequence[Path | str],
    layout: str = "auto",
    boundary: str = "device",
    measured: bool = False,
    into: Path | str | None = None,
) -> Answer:
    """Read logs of meters and say what they hold; with `into`, keep the readings in that ledger.

    Raises
    ------
    MeterError
        If one cannot be read as what it should be.
    """
    recording = read_meter_files(paths, layout, boundary, measured)
    settings = {
        "files": [str(p) for p in paths],
        "layout": layout,
        "boundary": boundary,
        "measured": measured,
    }
    answer = recording_answer(recording, settings)
    if into is None:
        return answer
    kept_in(recording, into)
    return answer.with_files(str(into))


@answers_with("meter report")
def meter_report(
    paths: Sequence[Path | str] | None = None,
    requests: Path | str | None = None,
    *,
    metrics: Path | str | None = None,
    ledger: Path | str = "taotie-meter.db",
    layout: str = "auto",
    boundary: str | None = None,
    columns: Mapping[str, str] | Sequence[str] | str | None = None,
    time_unit: str = "",
    requests_from: str = "",
    groups: Mapping[str, Sequence[str]] | Sequence[str] | None = None,
    idle_w: float | None = None,
    model: str = "",
    on: str = "",
    accelerators: int | None = None,
    precision: str = "bf16",
    factors: Path | str | None = None,
    region: str = "",
    pue: float | None = None,
    price: float | None = None,
    wue: float | None = None,
    server_factor: float | None = None,
    calibrate: Path | str | None = None,
) -> Answer:
    """Joules by request, idle share, and what it was on the grid.

    Parameters
    ----------
    paths : sequence of path-like, optional
        Logs of meters, or a ledger.
    ledger : path-like
        Read where no files are given.
    requests : path-like, optional
        Log of the requests served.
    metrics : path-like, optional
        Folder of the serving engine's own /metrics pages: tokens and joules per token without a log.
    boundary : str, optional
        Which meters to take; by default accelerators, else wall, board, package.
    columns, time_unit, requests_from
        Names in the request log, unit of its times, and when it began where its times start at zero.
    groups : mapping, optional
        Model to the UUIDs it runs on.
    idle_w : float, optional
        Power while waiting; by default measured in quiet times. [W]
    model, on, accelerators, precision
        What is served on what: takes the energy model's weights and puts its prediction beside.
    factors : path-like, optional
        CSV with carbon, PUE, price and water by hour.
    region : str, optional
        Yearly carbon of a region, where there are no hours.
    pue, price, wue : float, optional
        One value for every hour. [1, per kWh, L/kWh]
    server_factor : float, optional
        Server over accelerators, where only these are metered. [1]
    calibrate : path-like, optional
        Where to keep measured over predicted as this machine's calibration.

    Returns
    -------
    answer : Answer

    Raises
    ------
    MeterError
        If a file cannot be read, or meters and requests share no time.
    """
    from taotie.study.metered_day import metered_day

    paths = list(paths or [ledger])
    if isinstance(columns, Mapping):
        columns = [f"{k}={v}" for k, v in columns.items()]
    if groups is not None:
        named = groups if isinstance(groups, Mapping) else pairs(groups, "--group")
        groups = {k: v.split("+") if isinstance(v, str) else v for k, v in named.items()}
    recording = read_meter_files(paths, layout, boundary or "device")
    setup = _setup(model, on, accelerators, precision)
    log = _log(requests, columns, time_unit, requests_from, setup)
    day = metered_day(recording, log, setup, boundary=boundary, groups=groups, idle_w=idle_w)
    settings = {
        "files": [str(p) for p in paths], "requests": str(requests) if requests else None, "boundary": boundary,
        "groups": {k: list(v) for k, v in (groups or {}).items()}, "idle_w": idle_w, "model": model or None,
        "on": on or None, "accelerators": setup.accelerators_per_replica if setup else accelerators,
        "precision": precision, "metrics": str(metrics) if metrics else None, "factors": str(factors) if factors else None, "region": region or None, "pue": pue,
        "price": price, "wue": wue, "server_factor": server_factor,
    }  # fmt: skip
    said = list(day.said)
    cost, hours = _cost(day, factors, region, pue, price, wue, server_factor, said)
    more = _more(recording, day, metrics, idle_w, said)
    files = []
    ratio = None
    if day.predicted_j and day.active_uj:
        ratio = day.active_uj / 1e6 / day.predicted_j
    if calibrate is not None:
        files.append(_calibrate(day, calibrate, setup))
    answer = _answer(recording, day, settings, said, cost, hours, ratio, files)
    return replace(
        answer,
        tables={**answer.tables, **{k: t for k, (t, _rows) in more.items()}},
        own={**answer.own, **{k: rows for k, (_t, rows) in more.items()}},
    )


def _more(
    recording: Recording,
    day: Any,
    metrics: Path | str | None,
    idle_w: float | None,
    said: list[Said],
) -> dict[str, tuple[Table, list[dict[str, Any]]]]:
    """What an engine's counters and the activity of MIG instances tell: a table and the same as plain rows."""
    found = {}
    if metrics is not None:
        from taotie.metering.import_file import pages_of
        from taotie.study.metered_engine import engine_energy

        ids = {c.id for c in day.summed}
        rows, told = engine_energy(
            [r for r in recording.readings if r.channel.id in ids], pages_of(metrics), idle_w,
            Path(metrics).name,
        )  # fmt: skip
        said += told
        table = Table(
            (
                Column("engine", "", N_("engine")), Column("model", "", N_("model")),
                Column("computed", "token", N_("prompt tokens computed")), Column("cached", "token", N_("of them cached")),
                Column("output", "token", N_("tokens written")), Column("requests", "", N_("requests")),
                Column("energy_j", "J", N_("energy beyond waiting")),
                Column("j_per_token", "J/token", N_("energy per token written")),
                Column("read_j", "J/token", N_("per token read")), Column("write_j", "J/token", N_("per token written")),
            ),
            tuple(tuple(r[:10]) for r in rows), N_("By the engine's own counters"),
        )  # fmt: skip
        found["engine"] = (table, [r._asdict() for r in rows])
    if recording.slices:
        from taotie.study.metered_slices import metered_slices

        parts, told = metered_slices(recording, idle_w)
        said += told
        table = Table(
            (
                Column("uuid", "", N_("board")), Column("instance", "", N_("MIG instance")), Column("profile", "", N_("profile")),
                Column("energy_j", "J", N_("energy")), Column("activity", "1", N_("active")),
            ),
            tuple((p.uuid, p.instance or "–", p.profile, p.energy_uj / 1e6, p.activity) for p in parts),
            N_("By MIG instance, modelled"),
        )  # fmt: skip
        plain = [
            {"uuid": p.uuid, "instance": p.instance or None, "profile": p.profile, "energy_j": p.energy_uj / 1e6, "activity": p.activity}
            for p in parts
        ]  # fmt: skip
        found["slices"] = (table, plain)
    return found


def _setup(model: str, on: str, accelerators: int | None, precision: str) -> Any:
    if not model and not on:
        return None
    if not model or not on:
        raise MeterError(_("--model and --on go together: the energy model needs both."))
    from taotie.compute.energy.model_architecture import model_architecture
    from taotie.compute.energy.serving_setup import ServingSetup, smallest_replica
    from taotie.hardware.accelerator import accelerator

    chip, shape = accelerator(on), model_architecture(model)
    n = accelerators or smallest_replica(shape, chip, precision)
    return ServingSetup(shape, chip, n, precision)


def _log(
    requests: Path | str | None,
    columns: Sequence[str] | str | None,
    time_unit: str,
    requests_from: str,
    setup: Any,
) -> Any:
    from taotie.workload.trace_layout import columns_asked

    text = columns if isinstance(columns, str) else ",".join(columns or ())
    if requests is None:
        columns_asked(text)
        idle = [name for name, value in (("--columns", text), ("--requests-from", requests_from)) if value]  # fmt: skip
        if idle:
            raise MeterError(
                _("{option} is of a request log, and none is given.").format(option=idle[0]),
                "--requests log.csv",
            )
        return None
    from taotie.compute.metered.weights import predicted_times
    from taotie.metering.when import stamp_ns
    from taotie.workload.served import read_served_log

    begin = stamp_ns(requests_from, "--requests-from")[0] if requests_from else None
    log = read_served_log(requests, columns_asked(text), time_unit, begin)
    if log.times != "arrivals":
        return log
    if setup is None:
        raise TraceError(
            _("{where}: a log of arrivals alone: it does not say when requests ended.").format(
                where=Path(requests).name
            ),
            _(
                "give --model and --on, so that their times can be predicted, or add a column end or duration_s"
            ),
        )
    return predicted_times(log, setup)


def _cost(
    day: Any,
    factors: Path | str | None,
    region: str,
    pue: float | None,
    price: float | None,
    wue: float | None,
    server_factor: float | None,
    said: list[Said],
) -> tuple[Any, dict[str, Any]]:
    from taotie.study.metered_cost import (
        HourFactors,
        factors_at,
        hour_cost,
        read_hour_factors,
        region_factors,
    )

    hours = [h.start_ns for h in day.hours]
    if factors is not None:
        known = read_hour_factors(factors)
    elif region:
        known = region_factors(region, hours)
    else:
        known = HourFactors(np.zeros(0, np.int64), {})
    said += known.said
    values = factors_at(known, hours, pue=pue, price=price, wue=wue)
    energy = np.array([h.energy_uj for h in day.hours], float) / 3.6e12
    inner = day.boundary not in ("wall", "board")
    if inner and server_factor is not None:
        if server_factor < 1:
            raise MeterError(
                _(
                    "--server-factor {value} is below 1: a server draws at least what its accelerators do."
                ).format(value=server_factor)
            )
        energy = energy * server_factor
    elif inner:
        if np.isfinite(values["pue"]).any():
            said.append(
                Said(
                    "no_pue_without_server",
                    N_(
                        "Only {boundary} is metered: no PUE is put on it, and carbon and price are at least what stands here. --server-factor takes it to the plug."
                    ),
                    {"boundary": day.boundary},
                )
            )
        values["pue"] = np.ones(len(hours))
    if not np.isfinite(values["pue"]).any():
        values["pue"] = np.ones(len(hours))
        said.append(
            Said(
                "no_pue",
                N_(
                    "No PUE given: carbon and price are of the servers alone. --pue adds the building."
                ),
                {},
            )
        )
    cost = hour_cost(
        energy, values["pue"], values["average"], values["marginal"], values["price"], values["wue"],
        values["water"] if np.isfinite(values["water"]).any() else None,
    )  # fmt: skip
    for name, share in cost.covered.items():
        if 0 < share < 0.999:
            said.append(
                Said(
                    "hours_without_factor",
                    N_(
                        "{factor} covers {share} % of the energy; the other hours have none and are left out."
                    ),
                    {"factor": name, "share": round(100 * share, 1)},
                )
            )
    return cost, {**values, "it_kwh": energy}


def _calibrate(day: Any, path: Path | str, setup: Any) -> str:
    from taotie.compute.metered.calibration import about_setup, calibration, write_calibration

    if not day.pairs:
        raise MeterError(
            _("a calibration needs requests and a prediction."),
            "--requests LOG --model MODEL --on ACCELERATOR",
        )
    about = about_setup(setup)
    measured, predicted, load = (np.array(v) for v in zip(*day.pairs, strict=True))
    write_calibration(calibration(measured, predicted, load, about), path)
    return str(path)


def _rest_j(recording: Recording, windows: Sequence[Any]) -> float | None:
    """Energy between the meters inside a machine and the one at its plug; None where both are not there at once. [J]

    Raises
    ------
    MeterError
        If the meters inside say more than the plug.
    """
    from taotie.metering.wall import rest_of_server

    def of(*places: str) -> list[Any]:
        own = Recording(tuple(r for r in recording.readings if r.channel.boundary in places))
        ids = {c.id for c in own.chosen().summed}
        ids |= {w.channel for w in recording.windows if w.boundary in places}
        return [w for w in windows if w.channel in ids and w.joules is not None]

    outer, inner = of("wall"), of("device", "module", "package")
    if not outer or not inner:
        return None
    spans = [
        (min(w.start_ns for w in group), max(w.end_ns for w in group)) for group in (outer, inner)
    ]
    length = max(spans[0][1] - spans[0][0], 1)
    if max(abs(a - b) for a, b in zip(*spans, strict=True)) > 0.02 * length:
        return None  # of other times: their difference is no rest
    return rest_of_server(sum(w.joules for w in outer), [sum(w.joules for w in inner)])


def _quantiles(joules: np.ndarray) -> dict[str, float] | None:
    if not len(joules):
        return None
    p05, p50, p95 = np.percentile(joules, [5, 50, 95])
    return {"p05": float(p05), "p50": float(p50), "p95": float(p95), "mean": float(joules.mean())}


def _answer(
    recording: Recording,
    day: Any,
    settings: Mapping[str, Any],
    said: list[Said],
    cost: Any,
    factors: Mapping[str, Any],
    ratio: float | None,
    files: Sequence[str],
) -> Answer:
    level, measured = LEVEL[day.boundary], KIND[day.quality]
    note = recording.source or "meter"
    figures: dict[str, Figure] = {}

    def add(
        key: str, value: float | None, unit: str, label: str, kind: str, boundary: str | None
    ) -> None:
        if value is not None:
            figures[key] = _figure(key, value, unit, label, kind, boundary, note)

    n = len(day.log) if day.log is not None else 0
    add(
        "rest_of_server",
        _rest_j(recording, day.windows),
        "J",
        N_("measured at the plug beyond the meters inside"),
        measured,
        "server",
    )
    add("energy_total", day.total_uj / 1e6, "J", N_("energy metered"), measured, level)
    if n:
        add(
            "energy_requests",
            day.requests_uj / 1e6,
            "J",
            N_("energy of the requests"),
            "modelled",
            level,
        )
    if n:
        add(
            "energy_idle",
            day.idle_uj / 1e6,
            "J",
            N_("energy while nothing was asked"),
            "modelled",
            level,
        )
        add(
            "energy_unexplained",
            day.unexplained_uj / 1e6,
            "J",
            N_("energy that no request explains"),
            "modelled",
            level,
        )
        if day.total_uj:
            share = day.idle_uj / day.total_uj
            add(
                "idle_share",
                share,
                "1",
                N_("share of the energy while nothing was asked"),
                "modelled",
                level,
            )
        add(
            "energy_per_request",
            day.requests_uj / 1e6 / n,
            "J/request",
            N_("energy per request, while in flight"),
            "modelled",
            level,
        )
        add(
            "energy_per_request_full",
            float(day.full_uj.sum()) / 1e6 / n,
            "J/request",
            N_("energy per request, waiting included"),
            "modelled",
            level,
        )
        tokens = int(day.log.output.sum())
        if tokens:
            add(
                "energy_per_token",
                day.requests_uj / 1e6 / tokens,
                "J/token",
                N_("energy per token written"),
                "modelled",
                level,
            )
    if day.idle_w is not None:
        add("idle_power", day.idle_w, "W", N_("draw while waiting"), measured, level)
    add(
        "carbon_average",
        cost.carbon_average_g,
        "gCO2e",
        N_("carbon, average mix of the hours"),
        "modelled",
        None,
    )
    add(
        "carbon_marginal",
        cost.carbon_marginal_g,
        "gCO2e",
        N_("carbon, what one more kWh sets off"),
        "modelled",
        None,
    )
    add("water", cost.water_l, "L", N_("water"), "modelled", None)
    add(
        "predicted",
        day.predicted_j,
        "J",
        N_("energy of the requests by the model"),
        "modelled",
        level,
    )
    add("ratio", ratio, "1", N_("measured over predicted"), "modelled", None)
    summed = {c.id for c in day.summed}
    joules = day.request_uj / 1e6
    by = {
        label: {
            name: {
                "n": count,
                "joules": uj / 1e6,
                "output_tokens": written,
                "j_per_token": uj / 1e6 / written if written else None,
            }
            for name, (count, uj, written) in rows.items()
        }
        for label, rows in day.by.items()
    }
    tables = {
        "channels": _channels(recording, day.windows, summed),
        "hours": _hours_table(day, factors),
    }
    for label, rows in by.items():
        tables[f"by_{label}"] = Table(
            (
                Column("name", "", N_("name")), Column("n", "", N_("requests")), Column("joules", "J", N_("energy")),
                Column("output_tokens", "token", N_("tokens written")), Column("j_per_token", "J/token", N_("energy per token written")),
            ),
            tuple((k, v["n"], v["joules"], v["output_tokens"], v["j_per_token"]) for k, v in list(rows.items())[:1000]),
        )  # fmt: skip
    own = {
        "windows": [w.to_dict() for w in day.windows[:SHOWN_WINDOWS]],
        "energy_j": {
            "total": day.total_uj / 1e6, "idle": day.idle_uj / 1e6 if n else None,
            "requests": day.requests_uj / 1e6 if n else None, "unattributed": day.unexplained_uj / 1e6 if n else None,
            "by_boundary": {k: v / 1e6 for k, v in day.by_boundary.items()},
        },
        "boundary": day.boundary,
        "quality": day.quality,
        "gaps": [{"channel": w.channel, **g.to_dict()} for w in day.windows for g in w.gaps][:SHOWN_WINDOWS],
        "requests": {
            "n": n, "joules": _quantiles(joules), "joules_full": _quantiles(day.full_uj / 1e6),
            "times": day.log.times if day.log is not None else None,
        },
        "by": {label: by.get(label, {}) for label in ("model", "user", "route")},
        "carbon_g": {"average": cost.carbon_average_g, "marginal": cost.carbon_marginal_g},
        "water_l": cost.water_l,
        "price": cost.price,
        "facility_kwh": cost.facility_kwh,
        "covered": dict(cost.covered),
        "predicted": {"requests_j": day.predicted_j, "measured_j": day.active_uj / 1e6 if n else None},
        "ratio": ratio,
    }  # fmt: skip
    limits = (
        Said(
            "shares_are_modelled",
            N_(
                "The total is metered; whose it was follows from weights, for one meter serves many requests at once."
            ),
            {},
        ),
    )
    start_ns, step_ns, power = day.course
    own["course_start"] = iso_time(start_ns)
    course = Series(
        "W", step_ns / 3.6e12, {"power": power}, level, measured, labels(N_("mean draw"))["en"]
    )
    return Answer(
        "meter", settings, figures, series={"power": course}, tables=tables, said=tuple(_once([*said, *_resets(day.windows), *_gappy(day.windows)])),
        limits=limits if n else (), own=own, files=tuple(files), detail=(recording, day, cost),
    )  # fmt: skip


def _once(said: Sequence[Said]) -> list[Said]:
    seen: set[str] = set()
    kept = []
    for one in said:
        text = one.text("en")
        if text not in seen:
            seen.add(text)
            kept.append(one)
    return kept


def _hours_table(day: Any, factors: Mapping[str, Any]) -> Table:
    """Each hour with its factors, and what they make of its energy: nothing where a factor is missing."""
    kwh = factors["it_kwh"] * factors["pue"]
    water = np.where(np.isfinite(factors["wue"]), factors["wue"] * factors["it_kwh"], np.nan)
    water = np.where(
        np.isfinite(factors["water"]), np.nan_to_num(water) + factors["water"] * kwh, water
    )
    cells = {
        "average": factors["average"], "marginal": factors["marginal"], "pue": factors["pue"],
        "carbon_g": kwh * factors["average"], "carbon_marginal_g": kwh * factors["marginal"],
        "water_l": water, "price": kwh * factors["price"],
    }  # fmt: skip
    rows = []
    for i, hour in enumerate(day.hours):
        rows.append(
            (
                iso_time(hour.start_ns), hour.energy_uj / 1e6, hour.unallocated_uj / 1e6, hour.requests, hour.known,
                *(float(v[i]) if np.isfinite(v[i]) else None for v in cells.values()),
            )
        )  # fmt: skip
    return Table(
        (
            Column("start", "", N_("hour, UTC")), Column("energy_j", "J", N_("energy metered")),
            Column("idle_j", "J", N_("energy while nothing was asked")), Column("requests", "", N_("requests")),
            Column("whole", "", N_("seen whole")), Column("average", "gCO2e/kWh", N_("average intensity")),
            Column("marginal", "gCO2e/kWh", N_("marginal intensity")),
            Column("pue", "1", N_("PUE")), Column("carbon_g", "gCO2e", N_("carbon, average")),
            Column("carbon_marginal_g", "gCO2e", N_("carbon, marginal")), Column("water_l", "L", N_("water")),
            Column("price", "", N_("price")),
        ),
        tuple(rows),
        N_("Hours"),
    )  # fmt: skip
