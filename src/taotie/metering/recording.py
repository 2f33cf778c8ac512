"""What does a file or a meter hand on? A `Recording`: readings by channel, ready windows, and what was said.

Sources that count (NVML, RAPL, Prometheus) give readings; sources that only tell totals (CodeCarbon, Zeus, Slurm)
give windows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from taotie.errors import MeterError
from taotie.metering.channel import Channel, Chosen, Reading, chosen
from taotie.metering.steps import Readings, steps
from taotie.metering.window import (
    HOUR_NS,
    EnergyWindow,
    energy_window,
    hour_edges_ns,
    windows_between,
)
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["Recording", "SliceCourse", "merged", "recorded"]


@dataclass(frozen=True, eq=False)
class SliceCourse:
    """How active the engine of one MIG instance was, over time.

    Attributes
    ----------
    uuid, instance, profile, card : str
        The board, the instance's number on it, its profile such as ``3g.40gb``, and the model of the board.
    t_ns : ndarray of int64, shape (n,)
    activity : ndarray of float64, shape (n,)
        Share of time; NaN where there is no value. [1]
    """

    uuid: str
    instance: str
    profile: str
    card: str
    t_ns: NDArray[np.int64]
    activity: NDArray[np.float64]

    @property
    def slices(self) -> int:
        """Slices of the board it has, by its profile."""
        found = re.search(r"(\d+)g\b", self.profile)
        return int(found[1]) if found else 1


@dataclass(frozen=True, eq=False)
class Recording:
    """What meters said over some time.

    Attributes
    ----------
    readings : tuple of Readings
        One per channel.
    windows : tuple of EnergyWindow
        From sources that tell totals only.
    said : tuple of Said
        What was dropped, guessed or strange.
    source : str
        File, address or meter.
    slices : tuple of SliceCourse
        Activity of MIG instances, where it was recorded.
    """

    readings: tuple[Readings, ...] = ()
    windows: tuple[EnergyWindow, ...] = ()
    said: tuple[Said, ...] = ()
    source: str = ""
    slices: tuple[SliceCourse, ...] = ()

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels, readable or not."""
        return tuple(r.channel for r in self.readings)

    def of(self, channel_id: str) -> Readings:
        """Readings of one channel."""
        for one in self.readings:
            if one.channel.id == channel_id:
                return one
        raise MeterError(_("no channel is called {id}.").format(id=channel_id))

    def energy_windows(self) -> list[EnergyWindow]:
        """One window per channel, and the ready ones; what was rolled up already is not counted again."""
        found = []
        for one in self.readings:
            since = self.rolled_until_ns(one.channel.id)
            made = steps(one) if since is not None else None
            if since is None or made is None or not len(made.kind):
                found.append(energy_window(one))
            elif int(made.t1_ns[-1]) > since:
                found += windows_between(one.channel, made, [since, int(made.t1_ns[-1])])
        return [*self.windows, *found]

    def rolled_until_ns(self, channel_id: str) -> int | None:
        """Up to when a channel's readings are hours only; None where nothing was rolled up. [ns]"""
        ends = [w.end_ns for w in self.windows if w.channel == channel_id]
        return max(ends) if ends else None

    def hourly(self, step_ns: int = HOUR_NS) -> dict[str, list[EnergyWindow]]:
        """Windows of full hours (UTC) by channel; together they hold what `energy_windows` holds."""
        found: dict[str, list[EnergyWindow]] = {}
        for ready in self.windows:
            found.setdefault(ready.channel, []).append(ready)
        for one in self.readings:
            made = steps(one)
            if not len(made.kind):
                continue
            since = self.rolled_until_ns(one.channel.id)
            start = int(made.t0_ns[0]) if since is None else since
            if int(made.t1_ns[-1]) <= start:
                continue
            edges = hour_edges_ns(start, int(made.t1_ns[-1]), step_ns)
            edges[0], edges[-1] = max(edges[0], start), min(edges[-1], int(made.t1_ns[-1]))
            found.setdefault(one.channel.id, []).extend(windows_between(one.channel, made, edges))
        return found

    def chosen(self, boundary: str | None = None) -> Chosen:
        """The channels with at least two readings that may be added; see `channel.chosen`."""
        return chosen((r.channel for r in self.readings if int(r.ok.sum()) > 1), boundary)

    def with_said(self, *more: Said) -> Recording:
        """The same, with more said."""
        return replace(self, said=(*self.said, *more))


def recorded(
    channels: Sequence[Channel],
    readings: Iterable[Reading],
    said: Sequence[Said] = (),
    source: str = "",
) -> Recording:
    """Readings as they came, by channel."""
    rows: dict[str, list[Reading]] = {c.id: [] for c in channels}
    for one in readings:
        if one.channel not in rows:
            raise MeterError(_("no channel is called {id}.").format(id=one.channel))
        rows[one.channel].append(one)
    made = []
    for channel in channels:
        mine = rows[channel.id]
        made.append(
            Readings.of(
                channel,
                np.array([r.wall_ns for r in mine], np.int64),
                np.array([r.raw if r.raw is not None else 0 for r in mine], np.int64),
                np.array([r.status for r in mine], np.uint8),
            )
        )
    return Recording(tuple(made), (), tuple(said), source)


def merged(recordings: Sequence[Recording]) -> Recording:
    """Several recordings as one; a channel that several hold is joined by time."""
    by_id: dict[str, list[Readings]] = {}
    for recording in recordings:
        for one in recording.readings:
            by_id.setdefault(one.channel.id, []).append(one)
    said = [s for r in recordings for s in r.said]
    joined = []
    for parts in by_id.values():
        if len(parts) == 1:
            joined.append(parts[0])
            continue
        overlap = any(
            len(a) and len(b) and a.t_ns[0] <= b.t_ns[-1] and b.t_ns[0] <= a.t_ns[-1]
            for i, a in enumerate(parts)
            for b in parts[i + 1 :]
        )
        if overlap:
            said.append(
                Said(
                    "recordings_overlap",
                    N_(
                        "{channel} stands in several files over the same time; each instant counts once."
                    ),
                    {"channel": parts[0].channel.id},
                )
            )
        joined.append(
            Readings.of(
                parts[0].channel,
                np.concatenate([p.t_ns for p in parts]),
                np.concatenate([p.raw for p in parts]),
                np.concatenate([p.status for p in parts]),
            )
        )
    return Recording(
        tuple(joined),
        tuple(w for r in recordings for w in r.windows),
        tuple(said),
        ", ".join(dict.fromkeys(r.source for r in recordings if r.source)),
        tuple(s for r in recordings for s in r.slices),
    )
