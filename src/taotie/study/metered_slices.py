"""Whose part of a card was it? Energy of a board with MIG over its instances, by activity and slices. [J]

There is one meter a board: shares are modelled, and add up to the board to the microjoule.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from taotie.metering.attribution import group_course, mig_split
from taotie.metering.recording import Recording
from taotie.metering.steps import steps
from taotie.metering.window import course_uj
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["SliceEnergy", "metered_slices"]

_QUIET = 0.01
"""An engine less active than that waits. [1]"""


class SliceEnergy(NamedTuple):
    """Energy of one instance; the row without an instance is what none of them holds. [uJ]"""

    uuid: str
    instance: str
    profile: str
    energy_uj: int
    activity: float | None


def metered_slices(
    recording: Recording, idle_w: float | None = None
) -> tuple[list[SliceEnergy], list[Said]]:
    """Energy of the instances of every board whose activity was recorded.

    Parameters
    ----------
    recording : Recording
        With `slices`, as dcgm-exporter gives them (`DCGM_FI_PROF_GR_ENGINE_ACTIVE`).
    idle_w : float, optional
        Power of a board that waits; by default the median where every instance was idle. [W]

    Returns
    -------
    rows, said
        By board: its instances, then what no instance holds.
    """
    rows: list[SliceEnergy] = []
    said: list[Said] = []
    for uuid in dict.fromkeys(s.uuid for s in recording.slices):
        mine = [s for s in recording.slices if s.uuid == uuid]
        boards = [
            r
            for r in recording.readings
            if r.channel.uuid == uuid and r.channel.boundary == "device" and int(r.ok.sum()) > 1
        ]
        if not boards:
            continue
        board = min(boards, key=lambda r: r.channel.quality != "counter")
        course = group_course([board])
        edges = course.edges_ns
        active = np.array([_mean_between(s.t_ns, s.activity, edges) for s in mine])
        dt = np.diff(edges)
        quiet = (active < _QUIET).all(axis=0) & course.known & (dt > 0)
        waiting = idle_w
        if waiting is None and quiet.any():
            waiting = float(np.median(course.energy_uj[quiet] / dt[quiet] * 1e3))
        if waiting is None:
            said.append(
                Said(
                    "slices_never_idle",
                    N_(
                        "The instances of {uuid} were never all idle, so what it draws waiting is not known: all of it is shared by activity. --idle-w gives it."
                    ),
                    {"uuid": uuid},
                )
            )
        of = max(4 if "A30" in mine[0].card else 7, sum(s.slices for s in mine))
        total = np.zeros(len(mine) + 1, np.int64)
        energy = np.diff(course_uj(steps(board), edges))
        for k in range(len(dt)):
            idle_uj = int((waiting or 0.0) * dt[k] / 1e3)
            total += mig_split(
                int(energy[k]), idle_uj, [s.slices for s in mine], active[:, k].tolist(), of
            )
        rows += [
            SliceEnergy(uuid, s.instance, s.profile, int(total[i]), float(active[i].mean()))
            for i, s in enumerate(mine)
        ]
        rows.append(SliceEnergy(uuid, "", "", int(total[-1]), None))
    if rows:
        said.append(
            Said(
                "slices_are_modelled",
                N_(
                    "One meter a board: the energy of MIG instances is shared by activity and slices."
                ),
                {},
            )
        )
    return rows, said


def _mean_between(t_ns: np.ndarray, activity: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Mean activity of each interval; each value holds until the next.

    Examples
    --------
    >>> t, edges = np.array([0, 10, 20]), np.array([0, 10, 20, 30, 45])
    >>> _mean_between(t, np.array([0.2, 0.6, 1.0]), edges).round(3).tolist()
    [0.2, 0.6, 1.0, 1.0]
    >>> _mean_between(t, np.array([0.2, 0.6, 1.0]), np.array([5, 15])).round(3).tolist()
    [0.4]
    """
    good = np.isfinite(activity)
    if not good.any():
        return np.zeros(len(edges) - 1)
    t, a = t_ns[good], np.clip(activity[good], 0.0, 1.0)
    order = np.argsort(t, kind="stable")
    t, a = t[order], a[order]
    run = np.concatenate([[0.0], np.cumsum(a[:-1] * np.diff(t))])

    def upto(x: np.ndarray) -> np.ndarray:
        k = np.clip(np.searchsorted(t, x, side="right") - 1, 0, len(t) - 1)
        return run[k] + a[k] * (x - t[k])

    return np.asarray(np.clip(np.diff(upto(edges)) / np.maximum(np.diff(edges), 1), 0.0, 1.0))
