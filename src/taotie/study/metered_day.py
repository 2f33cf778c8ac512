"""What did a service draw, for whom, and when? Metered energy joined with its requests, by hour, model, user, route. [J]

Requests, waiting and what nothing explains add up to the meters exactly, in every row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.metered.weights import Weights, model_weights, plain_weights
from taotie.errors import MeterError, nearest
from taotie.metering.attribution import Attribution, attribution, group_course
from taotie.metering.channel import Channel
from taotie.metering.recording import Recording
from taotie.metering.steps import Readings, steps
from taotie.metering.window import (
    HOUR_NS,
    EnergyWindow,
    course_uj,
    hour_edges_ns,
    power_course_w,
)
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said
from taotie.workload.served import UNLABELLED, ServedLog

__all__ = ["HourRow", "MeteredDay", "metered_day"]

Ints = NDArray[np.int64]
UNEXPLAINED_WARN = 0.02
SHORT_NS = 1_000_000_000
"""Shares of requests shorter than this are of a batch: a meter updates each 0.1 s."""


@dataclass(frozen=True)
class HourRow:
    """One hour: energy of the meters that are added, what of it was waiting, and requests begun. [uJ]"""

    start_ns: int
    energy_uj: int
    unallocated_uj: int
    requests: int
    known: bool


@dataclass(frozen=True, eq=False)
class MeteredDay:
    """Metered energy and its requests.

    Attributes
    ----------
    total_uj, idle_uj, requests_uj, unexplained_uj : int
        What the meters counted; drawn waiting with nobody in flight; of requests; beyond waiting with nobody in
        flight. The last three add up to the first. [uJ]
    request_uj, full_uj : ndarray of int64, shape (n_request,)
        Energy of each request; with the waiting of empty times spread over them. [uJ]
    predicted_j : float or None
        What the energy model says of the same requests; None where it was not asked. [J]
    active_uj : int
        The part of `requests_uj` that is work, which `predicted_j` stands beside. [uJ]
    """

    windows: tuple[EnergyWindow, ...]
    summed: tuple[Channel, ...]
    boundary: str
    quality: str
    total_uj: int
    idle_uj: int
    requests_uj: int
    unexplained_uj: int
    active_uj: int
    idle_w: float | None
    hours: tuple[HourRow, ...]
    log: ServedLog | None
    request_uj: Ints
    full_uj: Ints
    predicted_j: float | None
    by_boundary: Mapping[str, int]
    said: tuple[Said, ...]
    pairs: tuple[tuple[float, float, float], ...] = ()
    """Measured and predicted joules and requests a second, by quarter of an hour with requests."""
    by: Mapping[str, Mapping[str, tuple[int, int, int]]] = field(default_factory=dict)
    """Label to name to (requests, uJ, tokens written)."""
    course: tuple[int, int, NDArray[np.float64]] | None = None
    """Start [ns], step [ns] and mean power [W] of the meters that are added, NaN where one was blind."""


def _as_readings(windows: Sequence[EnergyWindow]) -> list[Readings]:
    """Totals as counters of two readings, so that they join like any other."""
    made = []
    for one in windows:
        if one.energy_uj is None or one.end_ns <= one.start_ns:
            continue
        channel = Channel(one.channel, "uJ", one.boundary, quality=one.quality)
        made.append(Readings.of(channel, [one.start_ns, one.end_ns], [0, one.energy_uj]))
    return made


def _picked(
    recording: Recording, boundary: str | None, said: list[Said]
) -> tuple[list[Readings], str]:
    """The meters to add, at one place: accelerators if there are any, else what is nearest to the plug."""
    readings = list(recording.readings)
    ready = {r.channel.id for r in readings}
    readings += [r for r in _as_readings(recording.windows) if r.channel.id not in ready]
    usable = Recording(tuple(readings)).chosen(None)
    places = {r.channel.boundary for r in readings if int(r.ok.sum()) > 1}
    if boundary is None:
        order = (("device", "module"), ("wall",), ("board",), ("package",))
        group = next((g for g in order if places & set(g)), None)
        if group is None:
            raise MeterError(
                _("no meter with two or more readings."),
                "; ".join(s.text() for s in recording.said[:2]),
            )
    else:
        group = (boundary,)
        if boundary not in places:
            raise MeterError(
                _("no meter sits at {boundary}.").format(boundary=boundary),
                nearest(boundary, places),
            )
    inner = Recording(tuple(r for r in readings if r.channel.boundary in group)).chosen(None)
    said += [*usable.left_out[:5]]
    ids = {c.id for c in inner.summed}
    return [r for r in readings if r.channel.id in ids], group[0] if len(group) == 1 else (
        "module" if all(c.boundary == "module" for c in inner.summed) else "device"
    )


def metered_day(
    recording: Recording,
    log: ServedLog | None = None,
    setup: ServingSetup | None = None,
    *,
    boundary: str | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    idle_w: float | None = None,
    replicas: int = 1,
) -> MeteredDay:
    """Join meters and requests.

    Parameters
    ----------
    recording : Recording
    log : ServedLog, optional
        Without it, energy by hour alone.
    setup : ServingSetup, optional
        What is served on what: weights become joules, and the prediction stands beside.
    boundary : str, optional
        Which meters to take; by default accelerators, else wall, board, package.
    groups : mapping of str to sequence of str, optional
        Model to the UUIDs it runs on. Default: every request runs on every device.
    idle_w : float, optional
        Power while waiting, of all devices together. [W]

    Raises
    ------
    MeterError
        If there is no usable meter, or meters and requests share no time.
    """
    said: list[Said] = [*recording.said, *(log.said if log is not None else ())]
    readings, place = _picked(recording, boundary, said)
    quality = max(
        (r.channel.quality for r in readings), key=("counter", "integrated", "estimated").index
    )
    by_boundary: dict[str, int] = {}
    windows = Recording(tuple(recording.readings), recording.windows).energy_windows()
    counted = {c.id for c in recording.chosen().summed} | {w.channel for w in recording.windows}
    for one in windows:
        if one.channel in counted and one.energy_uj is not None:
            by_boundary[one.boundary] = by_boundary.get(one.boundary, 0) + one.energy_uj
    n = len(log) if log is not None else 0
    active, idle = np.zeros(n, np.int64), np.zeros(n, np.int64)
    totals = np.zeros(3, np.int64)  # unallocated, unexplained, total
    full = np.zeros(n, np.int64)
    weights = None
    if log is not None:
        weights = model_weights(log, setup, replicas) if setup is not None else plain_weights(log)
        if setup is None:
            said.append(
                Said(
                    "weights_assumed",
                    N_(
                        "Shares by assumed weights of tokens (1 computed, 0.05 cached, 10 written); --model and --on take the energy model's."
                    ),
                    {},
                )
            )
    quiet: list[float] = []
    unallocated_by: list[tuple[Ints, NDArray[np.float64]]] = []
    found: list[Attribution] = []
    for members, mask in _groups(readings, log, groups, said):
        made = _attributed(members, log, weights, mask, None if groups else idle_w)
        found.append(made)
        active[mask], idle[mask], full[mask] = made.active_uj, made.idle_uj, made.full_uj
        totals += np.array([made.unallocated_uj, made.unexplained_uj, made.total_uj])
        unallocated_by.append((made.edges_ns, made.unallocated_by_interval_uj))
        if made.idle_w is not None:
            quiet.append(made.idle_w)
    total = int(totals[2])
    if log is not None:
        _say_about(found, log, total, int(totals[1]), bool(quiet), said)
    hours = _hours(readings, unallocated_by, log)
    predicted = (
        float(weights.prefill.sum() + weights.decode.sum()) if weights and weights.joules else None
    )
    pairs = (
        _pairs(log, weights, active)
        if log is not None and weights is not None and weights.joules
        else ()
    )
    request_uj = active + idle
    return MeteredDay(
        tuple(windows), tuple(r.channel for r in readings), place, quality, total, int(totals[0]),
        int(request_uj.sum()), int(totals[1]), int(active.sum()), sum(quiet) if quiet else None, hours, log,
        request_uj, full, predicted, by_boundary, tuple(said), pairs, _by(log, request_uj), power_course_w(readings),
    )  # fmt: skip


def _groups(
    readings: list[Readings],
    log: ServedLog | None,
    groups: Mapping[str, Sequence[str]] | None,
    said: list[Said],
) -> list[tuple[list[Readings], Any]]:
    n = len(log) if log is not None else 0
    if not groups or log is None:
        return [(readings, slice(None))]
    codes, names = log.labels.get("model", (np.zeros(n, np.int64), (UNLABELLED,)))
    made: list[tuple[list[Readings], NDArray[np.bool_]]] = []
    used: set[str] = set()
    taken = np.zeros(n, bool)
    for model, uuids in groups.items():
        members = [r for r in readings if r.channel.uuid in uuids]
        if not members:
            raise MeterError(
                _("no meter of {uuids} for {model}.").format(uuids=listing(uuids), model=model),
                nearest(uuids[0] if uuids else "", {r.channel.uuid for r in readings}),
            )
        used |= {r.channel.id for r in members}
        mask = codes == names.index(model) if model in names else np.zeros(n, bool)
        taken |= mask
        made.append((members, mask))
    rest = [r for r in readings if r.channel.id not in used]
    if rest:
        made.append((rest, ~taken))
    elif (~taken).any():
        said.append(
            Said(
                "models_without_devices",
                N_("{n} requests are of models that no device was named for; they get no energy."),
                {"n": int((~taken).sum())},
            )
        )
    return made


def _attributed(
    members: list[Readings],
    log: ServedLog | None,
    weights: Weights | None,
    mask: Any,
    idle_w: float | None,
) -> Attribution:
    course = group_course(members)
    if log is None or weights is None:
        none = np.zeros(0, np.int64)
        return attribution(course, none, none, none, none, none, idle_w)
    return attribution(
        course, log.start_ns[mask], log.first_ns[mask], log.end_ns[mask], weights.prefill[mask],
        weights.decode[mask], idle_w,
    )  # fmt: skip


def _say_about(
    found: Sequence[Attribution],
    log: ServedLog,
    total: int,
    unexplained: int,
    quiet: bool,
    said: list[Said],
) -> None:
    outside = sum(f.outside for f in found)
    cut = sum(f.cut for f in found)
    unseen = sum(f.unseen for f in found)
    if outside == len(log):
        raise MeterError(
            _("no request of the log lies in the metered time."),
            _("are both clocks UTC? --requests-from moves the log"),
        )
    if outside or cut:
        said.append(
            Said(
                "requests_outside",
                N_(
                    "{outside} of {n} requests lie outside the metered time and {cut} across its edge: what was not metered is not in their energy."
                ),
                {"outside": outside, "cut": cut, "n": len(log)},
            )
        )
    if unseen:
        said.append(
            Said(
                "requests_in_a_gap",
                N_(
                    "{n} requests ran while a meter was blind: their energy is at least what stands here."
                ),
                {"n": unseen},
            )
        )
    below = sum(f.below_idle_s for f in found)
    metered = sum(float(f.edges_ns[-1] - f.edges_ns[0]) / 1e9 for f in found)
    if metered and below > 0.05 * metered:
        said.append(
            Said(
                "drawn_below_waiting",
                N_(
                    "In {share} % of the time less was drawn than the {idle} W taken as waiting: all of that counts as waiting. Is --idle-w too high?"
                ),
                {
                    "share": round(100 * below / metered, 1),
                    "idle": " + ".join(f"{f.idle_w:g}" for f in found if f.idle_w),
                },
            )
        )
    if not quiet:
        said.append(
            Said(
                "waiting_not_seen",
                N_(
                    "There was never a time without requests, so the draw while waiting could not be measured: everything counts as work. --idle-w gives it."
                ),
                {},
            )
        )
    if total and unexplained / total > UNEXPLAINED_WARN:
        said.append(
            Said(
                "energy_unexplained",
                N_(
                    "{share} % of the energy was drawn beyond waiting while no request was in flight: another program, a warm-up, or rows missing in the log."
                ),
                {"share": round(100 * unexplained / total, 1)},
            )
        )
    short = int(((log.end_ns - log.start_ns) < SHORT_NS).sum())
    if short:
        said.append(
            Said(
                "shares_of_a_batch",
                N_(
                    "{n} requests are shorter than a second: a meter that updates each 0.1 s tells their share of a batch, give or take a half, not each one."
                ),
                {"n": short},
            )
        )


def _hours(
    readings: Sequence[Readings],
    unallocated: Sequence[tuple[Ints, NDArray[np.float64]]],
    log: ServedLog | None,
) -> tuple[HourRow, ...]:
    made = [s for s in (steps(r) for r in readings) if len(s.kind)]
    start = min(int(s.t0_ns[0]) for s in made)
    end = max(int(s.t1_ns[-1]) for s in made)
    edges = hour_edges_ns(start, end)
    n = len(edges) - 1
    energy = np.zeros(n, np.int64)
    known = np.ones(n, bool)
    for one in made:
        energy += np.diff(course_uj(one, edges))
        for k in np.flatnonzero(~one.known).tolist():
            a = int(np.searchsorted(edges, one.t0_ns[k], side="right")) - 1
            b = int(np.searchsorted(edges, one.t1_ns[k], side="left"))
            known[a:b] = False
    waiting = np.zeros(n)
    for times, parts in unallocated:
        course = np.concatenate([[0.0], np.cumsum(parts)])
        waiting += np.diff(np.interp(edges, times, course))
    count = np.zeros(n, np.int64)
    if log is not None:
        count = np.histogram(log.start_ns, bins=edges)[0].astype(np.int64)
    return tuple(
        HourRow(
            int(edges[i]), int(energy[i]), round(float(waiting[i])), int(count[i]), bool(known[i])
        )
        for i in range(n)
    )


def _by(log: ServedLog | None, request_uj: Ints) -> dict[str, dict[str, tuple[int, int, int]]]:
    if log is None:
        return {}
    found: dict[str, dict[str, tuple[int, int, int]]] = {}
    for label in ("model", "user", "route"):
        codes, names = log.labels.get(label, (np.zeros(len(log), np.int64), (UNLABELLED,)))
        count = np.bincount(codes, minlength=len(names))
        # whole numbers stay whole: sums of integers beyond 2^53 are not left to floats
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(names) + 1))
        course = np.concatenate([[0], np.cumsum(request_uj[order])])
        tokens = np.concatenate([[0], np.cumsum(log.output[order])])
        energy, written = (
            course[edges[1:]] - course[edges[:-1]],
            tokens[edges[1:]] - tokens[edges[:-1]],
        )
        ranked = sorted(range(len(names)), key=lambda i: -int(energy[i]))
        found[label] = {
            names[i]: (int(count[i]), int(energy[i]), int(written[i])) for i in ranked if count[i]
        }
    return found


def _pairs(
    log: ServedLog, weights: Weights, active: Ints
) -> tuple[tuple[float, float, float], ...]:
    """Measured and predicted energy of the requests that began in each quarter of an hour."""
    quarter = HOUR_NS // 4
    k = log.start_ns // quarter - int(log.start_ns[0]) // quarter
    n = int(k.max()) + 1
    measured = np.bincount(k, active / 1e6, n)
    predicted = np.bincount(k, weights.prefill + weights.decode, n)
    count = np.bincount(k, minlength=n)
    return tuple(
        (float(m), float(p), float(c) / (quarter / 1e9))
        for m, p, c in zip(measured, predicted, count, strict=True)
        if m > 0 and p > 0
    )
