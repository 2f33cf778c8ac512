"""What did tokens cost by the engine's own counters? Pages of `/metrics` beside meters, no log of requests. [J/token]

Counters tell no single request: energy beyond waiting goes to models by weighted tokens in each window, and reading and
writing are told apart by regression over many windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from taotie.compute.metered.weights import PER_CACHED, PER_COMPUTED, PER_OUTPUT
from taotie.errors import MeterError
from taotie.metering.attribution import GroupCourse, group_course, joules_per_token
from taotie.metering.serving import ServerCounts, change, server_counts
from taotie.metering.steps import Readings
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["EngineEnergy", "engine_energy"]

Floats = NDArray[np.float64]
_COUNTS = ("computed", "cached", "output", "requests")


class EngineEnergy(NamedTuple):
    """Tokens and energy of one model on one engine over all windows; None where the engine does not tell.

    `energy_j` is beyond waiting; `read_j` and `write_j` are per token computed and written. [J, J/token]
    """

    engine: str
    model: str
    computed: float | None
    cached: float | None
    output: float | None
    requests: float | None
    energy_j: float
    j_per_token: float | None
    read_j: float | None
    write_j: float | None
    windows: int


def engine_energy(
    readings: Sequence[Readings],
    pages: Sequence[tuple[int, str]],
    idle_w: float | None = None,
    where: str = "",
) -> tuple[list[EngineEnergy], list[Said]]:
    """Energy by model from pages of an engine's counters.

    Parameters
    ----------
    readings : sequence of Readings
        The meters of the machines it runs on.
    pages : sequence of (int, str)
        When each page was read, UTC, and its text. [ns]
    idle_w : float, optional
        Power while waiting; by default the median of windows without a token. [W]
    where : str
        For messages.

    Raises
    ------
    MeterError
        With fewer than two pages, of no known engine, or if they share no time with the meters.
    """
    if len(pages) < 2:
        raise MeterError(
            _("{where}: one page of an engine's counters tells no span of time.").format(
                where=where or "-"
            ),
            _("scrape at least twice, at best each minute"),
        )
    pages = sorted(pages)
    said: list[Said] = []
    t_ns = np.array([t for t, _text in pages], np.int64)
    counted = [{c.model: c for c in server_counts(text, where)} for _t, text in pages]
    course = group_course(readings)
    known = (t_ns[:-1] >= course.edges_ns[0]) & (t_ns[1:] <= course.edges_ns[-1])
    if not known.any():
        raise MeterError(
            _("{where}: its pages lie outside the metered time.").format(where=where or "-"),
            _("are both clocks UTC?"),
        )
    if not known.all():
        said.append(
            Said(
                "pages_outside",
                N_(
                    "{n} of {all} windows between pages lie outside the metered time and were left out."
                ),
                {"n": int((~known).sum()), "all": len(known)},
            )
        )
    window_s = np.diff(t_ns) / 1e9
    energy_j = _between(course, t_ns)
    models = sorted({m for page in counted for m in page})
    moved = {m: _moved(m, counted, said) for m in models}
    tokens = sum(
        (np.nan_to_num(v["output"]) + np.nan_to_num(v["computed"]) for v in moved.values()),
        np.zeros(len(window_s)),
    )
    running = np.array([sum(c.running or 0.0 for c in page.values()) for page in counted])
    quiet = known & (tokens == 0) & (running[:-1] == 0) & (running[1:] == 0)
    if idle_w is None and quiet.any():
        idle_w = float(np.median(energy_j[quiet] / window_s[quiet]))
    if idle_w is None:
        said.append(
            Said(
                "waiting_not_seen",
                N_(
                    "There was never a time without requests, so the draw while waiting could not be measured: everything counts as work. --idle-w gives it."
                ),
                {},
            )
        )
    below = known & (energy_j < 0.99 * (idle_w or 0.0) * window_s)
    if below.sum() > 0.05 * known.sum():
        said.append(
            Said(
                "drawn_below_waiting",
                N_(
                    "In {share} % of the time less was drawn than the {idle} W taken as waiting: all of that counts as waiting. Is --idle-w too high?"
                ),
                {
                    "share": round(100 * float(below.sum() / known.sum()), 1),
                    "idle": f"{idle_w or 0.0:g}",
                },
            )
        )
    active = np.maximum(energy_j - (idle_w or 0.0) * window_s, 0.0)
    weight = {
        m: PER_COMPUTED * np.nan_to_num(v["computed"]) + PER_CACHED * np.nan_to_num(v["cached"])
        + PER_OUTPUT * np.nan_to_num(v["output"])
        for m, v in moved.items()
    }  # fmt: skip
    total = sum(weight.values(), np.zeros(len(window_s)))
    if len(models) > 1:
        said.append(
            Said(
                "models_by_weight",
                N_(
                    "{n} models share the machines: their energy is shared out by assumed weights of tokens."
                ),
                {"n": len(models)},
            )
        )
    found = []
    for m in models:
        mine = known & (total > 0)
        share = np.where(mine, active * weight[m] / np.where(total > 0, total, 1.0), 0.0)
        sums = {k: _sum(moved[m][k][known]) for k in _COUNTS}
        drawn = float(share.sum())
        read = write = None
        if len(models) == 1:
            read, write = _apart(
                m, moved[m], active, known & (tokens > 0), window_s, running, counted, said
            )
        found.append(
            EngineEnergy(
                next(p[m].engine for p in counted if m in p), m, sums["computed"], sums["cached"], sums["output"],
                sums["requests"], drawn, drawn / sums["output"] if sums["output"] else None, read, write,
                int(known.sum()),
            )
        )  # fmt: skip
    return found, said


def _between(course: GroupCourse, t_ns: NDArray[np.int64]) -> Floats:
    """Energy between instants. [J]"""
    run = np.concatenate([[0.0], np.cumsum(course.energy_uj / 1e6)])
    return np.diff(np.interp(t_ns, course.edges_ns, run))


def _moved(
    model: str, counted: Sequence[dict[str, ServerCounts]], said: list[Said]
) -> dict[str, Floats]:
    """What each counter rose by in each window; NaN where the engine does not tell."""
    rows = []
    for before, after in pairwise(counted):
        if model not in before or model not in after:
            rows.append([np.nan] * len(_COUNTS))
            continue
        step, told = change(before[model], after[model])
        if told and told[0].code not in {s.code for s in said}:
            said += told
        values = [getattr(step, k) for k in _COUNTS]
        rows.append([np.nan if v is None else float(v) for v in values])
    table = np.array(rows, float)
    return {k: table[:, i] for i, k in enumerate(_COUNTS)}


def _sum(values: Floats) -> float | None:
    return float(np.nansum(values)) if np.isfinite(values).any() else None


def _apart(
    model: str,
    moved: dict[str, Floats],
    active: Floats,
    busy: NDArray[np.bool_],
    window_s: Floats,
    running: Floats,
    counted: Sequence[dict[str, ServerCounts]],
    said: list[Said],
) -> tuple[float | None, float | None]:
    """Energy per token read and written; None and why, where windows are too few or too short."""
    usable = busy & np.isfinite(moved["computed"]) & np.isfinite(moved["output"])
    ended = (
        float(np.nansum(moved["requests"][usable])) if np.isfinite(moved["requests"]).any() else 0.0
    )
    in_flight = (running[:-1] + running[1:]) / 2
    request_s = float((in_flight * window_s)[usable].sum() / ended) if ended else 0.0
    early = all(page[model].early for page in counted if model in page)
    try:
        return joules_per_token(
            active[usable], moved["computed"][usable], moved["output"][usable],
            0.0 if early else request_s, float(np.median(window_s[usable])) if usable.any() else 0.0,
        )  # fmt: skip
    except MeterError as error:
        said.append(
            Said(
                "reading_and_writing_together",
                N_("Reading and writing are not told apart: {why}"),
                {"why": error.message},
            )
        )
        return None, None
