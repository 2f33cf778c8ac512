"""What do processors and memory draw, by RAPL? Counters of powercap in uJ that wrap every few minutes.

Zones overlap: a package holds its core and uncore, `psys` holds packages, and some zones are shown twice (the MMIO
copy, the dies of one AMD socket). Each joule has one owner.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from taotie.errors import MeterError
from taotie.metering.channel import DENIED, OK, Channel, Reading
from taotie.metering.sysfs import number_of, word_of
from taotie.words.language import _

__all__ = ["POWERCAP", "UDEV_LINE", "RaplSource", "safe_period_s"]

POWERCAP = Path("/sys/class/powercap")
UDEV_LINE = (
    'SUBSYSTEM=="powercap", ACTION=="add", RUN+="/bin/chgrp energy /sys/%p/energy_uj", '
    'RUN+="/bin/chmod g+r /sys/%p/energy_uj"'
)
UPDATE_MS = 1.0


def safe_period_s(range_uj: int, limit_w: float) -> float:
    """How often a counter must be read so that no wrap is lost: half its range at full draw. [s]

    Examples
    --------
    An AMD socket of 400 W:

    >>> round(safe_period_s(65_532_610_987, 400.0), 1)
    81.9
    """
    return range_uj / 1e6 / (2.0 * limit_w)


class RaplSource:
    """Readings of the powercap zones of this machine.

    Parameters
    ----------
    root : Path
        The folder `powercap`; another one in tests and containers.
    psys : bool, default False
        Take `psys` instead of packages and memory; on servers it is not to be relied on.
    """

    vendor = "rapl"

    def __init__(
        self,
        root: Path = POWERCAP,
        psys: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self.root, self.psys = Path(root), psys
        self._clock, self._wall = clock, wall
        self._zones: list[tuple[Channel, Path]] = []

    def open(self) -> list[Channel]:
        """Packages with what is in them, memory, and what could not be read with the reason.

        Raises
        ------
        MeterError
            If the machine has no such zones (virtual machines, containers).
        """
        folders = sorted(self.root.glob("*rapl*:*")) if self.root.is_dir() else []
        folders = [f for f in folders if (f / "energy_uj").exists()]
        if not folders:
            raise MeterError(
                _("{root}: no energy counters of the processor.").format(root=self.root),
                _(
                    "virtual machines have none, and containers hide them: mount /sys/devices/virtual/powercap into it, or read on the host"
                ),
            )
        names = {f.name: word_of(f / "name", f.name) for f in folders}
        found: list[tuple[Channel, Path]] = []
        for folder in folders:
            parts = re.fullmatch(r"(.*rapl(?:-mmio)?):(\d+)(?::(\d+))?(?::(\d+))?", folder.name)
            if parts is None:
                continue
            name = names[folder.name]
            top = f"{parts[1]}:{parts[2]}"
            parent = None
            if parts[3] is not None and name != "dram":
                parent = top
            elif name.startswith("package") and self.psys and "psys" in names.values():
                parent = next(k for k, v in names.items() if v == "psys")
            if name == "dram" and self.psys and "psys" in names.values():
                parent = next(k for k, v in names.items() if v == "psys")
            note, uuid = "", folder.name
            if name == "psys" and not self.psys:
                # kept for comparison: packages and memory own these joules
                note, parent = _("psys is not added: it holds the packages"), _first_package(names)
            status, _raw = number_of(folder / "energy_uj")
            if status == DENIED:
                note = _("not allowed to read; a udev rule opens it: {line}").format(line=UDEV_LINE)
            _ok, modulus = number_of(folder / "max_energy_range_uj")
            _ok, limit_uw = number_of(folder / "constraint_0_max_power_uw")
            found.append(
                (
                    Channel(
                        f"rapl:{folder.name.partition(':')[0]}:{folder.name.partition(':')[2]}:{name}",
                        "uJ",
                        "package",
                        vendor="rapl",
                        uuid=uuid,
                        name=name,
                        parent=parent,
                        modulus=modulus or None,
                        limit_w=max(limit_uw / 1e6, 1.0) * 1.5 if limit_uw else None,
                        update_ms=UPDATE_MS,
                        note=note,
                    ),
                    folder / "energy_uj",
                )
            )
        self._zones = _without_copies(found)
        return [channel for channel, _path in self._zones]

    def read(self) -> list[Reading]:
        """One reading of each zone."""
        made = []
        for channel, path in self._zones:
            mono, wall = self._clock(), self._wall()
            status, raw = number_of(path)
            made.append(Reading(channel.id, mono, wall, raw, status))
        return made

    def close(self) -> None:
        """Nothing is held open."""


def _first_package(names: dict[str, str]) -> str | None:
    return next((k for k, v in names.items() if v.startswith("package")), None)


def _without_copies(found: list[tuple[Channel, Path]]) -> list[tuple[Channel, Path]]:
    """Zones without those that show another's counter again: the MMIO copy and mirrored dies."""
    kept: list[tuple[Channel, Path]] = []
    seen: dict[tuple[str, str], str] = {}
    twice: dict[str, str] = {}
    for channel, path in sorted(found, key=lambda pair: "mmio" in pair[1].parent.name):
        socket = channel.name.partition("-die-")[0]
        if "mmio" in path.parent.name and (socket, "top") in seen:
            twice[channel.uuid] = seen[(socket, "top")]
            continue
        if "-die-" in channel.name and (socket, "top") in seen and _equal(path, kept, socket):
            twice[channel.uuid] = seen[(socket, "top")]
            continue
        if channel.name.startswith("package"):
            seen.setdefault((socket, "top"), channel.uuid)
        kept.append((channel, path))
    return [(c, p) for c, p in kept if c.parent not in twice]


def _equal(path: Path, kept: list[tuple[Channel, Path]], socket: str) -> bool:
    """Does a die show the counter of its socket's first die? Twice the same number, read in turn."""
    first = next(p for c, p in kept if c.name.partition("-die-")[0] == socket)
    for _i in range(2):
        (a_ok, a), (b_ok, b), (_ok, a_again) = (number_of(p) for p in (first, path, first))
        if a_ok != OK or b_ok != OK or a is None or b is None or a_again is None:
            return False
        if not min(a, a_again) <= b <= max(a, a_again):
            return False
    return True
