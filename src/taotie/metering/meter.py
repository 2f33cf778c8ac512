"""What did this piece of Python draw? `with Meter() as m:` or `@Meter()`, in J at the place of each meter.

Without a meter the answer is None and says why: never 0. Boards of other jobs are left out where the environment
names ours.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import ContextDecorator
from types import TracebackType
from typing import Any

from taotie.errors import MeterError
from taotie.metering.channel import Channel, Reading
from taotie.metering.ledger import boot_ns
from taotie.metering.recorder import FASTEST_HZ, SLOWEST_S, opened_sources, sources_here
from taotie.metering.recording import Recording, recorded
from taotie.metering.window import EnergyWindow
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["Meter", "boards_of_this_job"]


def boards_of_this_job(
    channels: Sequence[Channel], environment: Mapping[str, str] | None = None
) -> tuple[set[str] | None, str]:
    """UUIDs of the boards the environment gives to this process, and why they could not be told.

    Parameters
    ----------
    channels : sequence of Channel
        NVIDIA boards in NVML's order, which is that of the bus.
    environment : mapping, optional
        Default: that of the process.

    Returns
    -------
    uuids, why : set of str or None, str
        None: all boards.

    Examples
    --------
    >>> boards = [Channel("a", "mJ", vendor="nvidia", uuid="GPU-a"), Channel("b", "mJ", vendor="nvidia", uuid="GPU-b")]
    >>> boards_of_this_job(boards, {"CUDA_VISIBLE_DEVICES": "GPU-b"})
    ({'GPU-b'}, '')
    """
    env = os.environ if environment is None else environment
    uuids = list(dict.fromkeys(c.uuid for c in channels if c.vendor == "nvidia"))
    text = env.get("CUDA_VISIBLE_DEVICES", env.get("NVIDIA_VISIBLE_DEVICES", "all")).strip()
    if text in ("all", "void", "none"):
        return None, ""
    if not text or text == "-1":
        return set(), ""
    found: set[str] = set()
    for part in (p.strip() for p in text.split(",")):
        if part.startswith("MIG-"):
            inner = [u for u in uuids if u.removeprefix("GPU-") in part]
            if not inner and len(uuids) > 1:
                return None, part
            found |= set(inner or uuids)
        elif part.startswith("GPU-"):
            found |= {u for u in uuids if u.startswith(part)}
        elif part.isdigit():
            names = {c.name for c in channels if c.vendor == "nvidia"}
            # CUDA numbers the fastest first, NVML by the bus: equal only if told so, or all boards are alike
            if len(names) > 1 and env.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
                return None, part
            if int(part) < len(uuids):
                found.add(uuids[int(part)])
    return found, ""


class Meter(ContextDecorator):
    """Meters a block of Python, or each call of a function.

    Parameters
    ----------
    sources : sequence of ReadingSource, optional
        Default: NVML, AMD SMI and RAPL, as far as this machine has them.
    hz : float, default 1
        Readings a second in between: for the course, and so that counters of processors do not wrap unseen.
    environment : mapping, optional
        Where the boards of this job are looked up.

    Attributes
    ----------
    windows : list of EnergyWindow
        One a channel, after the block.
    joules : float or None
        Sum of the channels that may be added; None without a meter.
    said : tuple of Said

    Examples
    --------
    >>> with Meter(sources=[]) as m:
    ...     n = sum(range(1000))
    >>> m.joules is None, [s.code for s in m.said]
    (True, ['no_meter'])
    """

    def __init__(
        self,
        sources: Sequence[Any] | None = None,
        hz: float = 1.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if not 1.0 / SLOWEST_S <= hz <= FASTEST_HZ:
            raise MeterError(
                _("{hz} readings a second cannot be.").format(hz=hz),
                _(
                    "0.034 to 100: counters of processors wrap if they are read more seldom than each 30 s"
                ),
            )
        self._given = sources
        self._environment = environment
        self.period_s = 1.0 / hz
        self.windows: list[EnergyWindow] = []
        self.recording = Recording()
        self.said: tuple[Said, ...] = ()
        self.calls: list[float | None] = []

    def __enter__(self) -> Meter:
        missing: list[tuple[str, str]] = []
        if self._given is None:
            sources, missing = sources_here()
        else:
            sources = list(self._given)
        self._opened, more = opened_sources(sources)
        self._missing = [*missing, *more]
        self._readings: list[Reading] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._read()
        self._begin_ns = boot_ns()
        self._thread = threading.Thread(target=self._watch, name="taotie-meter", daemon=True)
        if self._opened:
            self._thread.start()
        return self

    def _read(self) -> None:
        with self._lock:
            for source, _channels in self._opened:
                self._readings += source.read()

    def _watch(self) -> None:
        while not self._stop.wait(self.period_s):
            self._read()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._read()
        self.seconds = (boot_ns() - self._begin_ns) / 1e9
        channels = [c for _s, found in self._opened for c in found]
        for source, _channels in self._opened:
            source.close()
        said = [
            Said("meter_absent", N_("{meter} gives nothing: {why}"), {"meter": name, "why": why})
            for name, why in self._missing
        ]
        mine, unclear = boards_of_this_job(channels, self._environment)
        if unclear:
            said.append(
                Said(
                    "boards_of_other_jobs",
                    N_(
                        "Which boards are this job's cannot be told from {text}: all are counted. Name them by UUID in CUDA_VISIBLE_DEVICES."
                    ),
                    {"text": unclear},
                )
            )
        if mine is not None:
            channels = [c for c in channels if c.vendor != "nvidia" or c.uuid in mine]
        ids = {c.id for c in channels}
        self.recording = recorded(
            channels, [r for r in self._readings if r.channel in ids], source="meter"
        )
        self.windows = self.recording.energy_windows()
        if self.joules is None:
            said.append(
                Said("no_meter", N_("No meter could be read: the energy is missing, not zero."), {})
            )
        short = [
            w
            for w in self.windows
            if w.energy_uj == 0 and w.quality == "counter" and w.boundary == "device"
        ]
        if short:
            said.append(
                Said(
                    "window_too_short",
                    N_(
                        "{where}: {n} windows are shorter than an update of the counter, so that 0 J says nothing; take at least {seconds} s."
                    ),
                    {"where": "meter", "n": len(short), "seconds": 0.1},
                )
            )
        self.said = tuple(said)
        self.calls.append(self.joules)

    @property
    def joules(self) -> float | None:
        """Energy of the channels that may be added. [J]"""
        picked = {c.id for c in self.recording.chosen().summed}
        known = [
            w.energy_uj for w in self.windows if w.channel in picked and w.energy_uj is not None
        ]
        return sum(known) / 1e6 if known else None

    def by_boundary(self) -> dict[str, float]:
        """Energy by place of the meter, each joule once. [J]"""
        picked = {c.id for c in self.recording.chosen().summed}
        found: dict[str, float] = {}
        for one in self.windows:
            if one.channel in picked and one.joules is not None:
                found[one.boundary] = found.get(one.boundary, 0.0) + one.joules
        return found
