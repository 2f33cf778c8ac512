"""How does a daemon read meters? Sweep after sweep into a ledger, at a steady rate, closing each hour as it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from taotie.errors import MeterError, MissingExtraError
from taotie.metering.channel import Channel, Reading, ReadingSource
from taotie.metering.ledger import Ledger, boot_ns
from taotie.metering.rollup import RAW_KEPT_NS, roll_up
from taotie.metering.window import HOUR_NS
from taotie.words.language import _

__all__ = ["SOURCES", "Recorder", "opened_sources", "sources_here"]

SOURCES = ("nvml", "amdsmi", "rapl", "hwmon", "jetson", "ipmi")
"""Meters by name; the first three are tried by default."""
FASTEST_HZ = 100.0
SLOWEST_S = 30.0
"""Counters of processors wrap within minutes: the longest pause between two sweeps. [s]"""


def source_named(name: str) -> Any:
    """A meter by its name, not yet opened."""
    if name == "nvml":
        from taotie.metering.nvml import NvmlSource

        return NvmlSource(clock=boot_ns)
    if name == "amdsmi":
        from taotie.metering.amdsmi import AmdSource

        return AmdSource(clock=boot_ns)
    if name == "rapl":
        from taotie.metering.rapl import RaplSource

        return RaplSource(clock=boot_ns)
    if name in ("hwmon", "jetson"):
        from taotie.metering.hwmon import HwmonSource, JetsonSource

        return (HwmonSource if name == "hwmon" else JetsonSource)(clock=boot_ns)
    if name == "ipmi":
        from taotie.metering.wall import IpmiSource

        return IpmiSource(clock=boot_ns)
    from taotie.errors import UnknownNameError, nearest

    raise UnknownNameError(
        _("no meter is called {name}.").format(name=name), nearest(name, SOURCES)
    )


def sources_here(names: Sequence[str] = ()) -> tuple[list[Any], list[tuple[str, str]]]:
    """Meters of this machine that opened, and those that did not with the reason.

    Parameters
    ----------
    names : sequence of str, optional
        Which to open; one that is named and does not open is an error. Default: NVML, AMD SMI and RAPL, as far
        as they are there.
    """
    found: list[Any] = []
    missing: list[tuple[str, str]] = []
    for name in names or SOURCES[:3]:
        try:
            found.append(source_named(name))
        except MissingExtraError as error:
            if names:
                raise
            missing.append((name, f"{error.message} {error.hint}"))
    return found, missing


def opened_sources(
    sources: Sequence[ReadingSource], strict: bool = False
) -> tuple[list[tuple[Any, list[Channel]]], list[tuple[str, str]]]:
    """Sources with their channels; one that gives nothing is told with its reason."""
    opened: list[tuple[Any, list[Channel]]] = []
    missing: list[tuple[str, str]] = []
    for source in sources:
        try:
            opened.append((source, source.open()))
        except MeterError as error:
            if strict:
                raise
            missing.append(
                (getattr(source, "vendor", "?"), f"{error.message} {error.hint}".strip())
            )
    return opened, missing


class Recorder:
    """Reads sources into a ledger.

    Parameters
    ----------
    ledger : Ledger
    sources : sequence of ReadingSource
    hz : float, default 1
        Sweeps a second. A counter loses nothing between two; more only sharpens the course.
    clock, wall, sleep : callables
        The boot clock, the wall clock [ns] and a pause [s].
    on_commit : callable, optional
        Called with the number of sweeps after each one that is kept.

    Raises
    ------
    MeterError
        If no source gives a channel, or the rate cannot be.
    """

    def __init__(
        self,
        ledger: Ledger,
        sources: Sequence[ReadingSource],
        hz: float = 1.0,
        clock: Callable[[], int] = boot_ns,
        wall: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], None] = time.sleep,
        on_commit: Callable[[int], None] | None = None,
        hours: bool = True,
        raw_kept_ns: int = RAW_KEPT_NS,
    ) -> None:
        if not 1.0 / SLOWEST_S <= hz <= FASTEST_HZ:
            raise MeterError(
                _("{hz} readings a second cannot be.").format(hz=hz),
                _(
                    "0.034 to 100: counters of processors wrap if they are read more seldom than each 30 s"
                ),
            )
        self.ledger, self.hz = ledger, hz
        self._clock, self._wall, self._sleep, self._on_commit = clock, wall, sleep, on_commit
        self._hours, self._raw_kept_ns = hours, raw_kept_ns
        self._opened, self.missing = opened_sources(sources)
        self.channels = [c for _s, channels in self._opened for c in channels]
        if not self.channels:
            raise MeterError(
                _("no meter can be read on this machine."),
                "; ".join(f"{n}: {w}" for n, w in self.missing)
                or _("taotie doctor lists what is missing"),
            )
        ledger.add_channels(self.channels)
        for name, why in self.missing:
            ledger.event("absent", f"{name}: {why}")
        self.sweeps = 0
        self._rolled = 0

    def sweep(self) -> list[Reading]:
        """Read everything once and keep it."""
        readings: list[Reading] = []
        mono, wall = self._clock(), self._wall()
        for source, _channels in self._opened:
            readings += source.read()
        self.ledger.commit(readings, mono, wall)
        self.sweeps += 1
        if self._on_commit is not None:
            self._on_commit(self.sweeps)
        hour = wall // HOUR_NS
        if self._hours and hour > self._rolled:
            if self._rolled:
                self.close_hours()
            self._rolled = hour
        return readings

    def close_hours(self) -> Path | None:
        """Roll up the hours that have ended."""
        return roll_up(self.ledger, self._wall(), self._raw_kept_ns)

    def run(self, seconds: float | None = None, stop: Callable[[], bool] | None = None) -> int:
        """Sweep until the time is over or `stop` says so; returns the number of sweeps."""
        begin = due = self._clock()
        period = round(1e9 / self.hz)
        while True:
            self.sweep()
            due += period
            now = self._clock()
            if seconds is not None and due - begin > seconds * 1e9:
                return self.sweeps
            if stop is not None and stop():
                return self.sweeps
            if due < now - 3 * period:
                due = now  # suspended or held up: the gap is in the times, nothing is made up for
            self._sleep(max((due - now) / 1e9, 0.0))

    def close(self) -> None:
        """Let the meters go."""
        for source, _channels in self._opened:
            source.close()
