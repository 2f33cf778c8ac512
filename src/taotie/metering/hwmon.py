"""What do the kernel's other sensors say? hwmon energies in uJ and powers in uW: boards, Grace modules, cards.

Which sensor holds which is known for the drivers named here; a sensor of another driver is read and not added.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from taotie.errors import MeterError
from taotie.metering.channel import OK, STALE, Channel, Reading
from taotie.metering.sysfs import number_of, word_of
from taotie.words.language import _

__all__ = ["HWMON", "HwmonSource", "JetsonSource"]

HWMON = Path("/sys/class/hwmon")
INA = Path("/sys/bus/i2c/drivers")

# driver: place of its meter
_PLACES = {
    "amdgpu": "device",
    "xe": "device",
    "i915": "device",
    "amd_energy": "package",
    "acpi_power_meter": "board",
}
_SOCKETS = {"module": "module", "grace": "package", "cpu": "package", "sysio": "package"}


class HwmonSource:
    """Readings of hwmon energy counters and powers.

    Parameters
    ----------
    root : Path
        The folder `hwmon`.
    """

    vendor = "hwmon"

    def __init__(
        self,
        root: Path = HWMON,
        clock: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self.root = Path(root)
        self._clock, self._wall = clock, wall
        self._sensors: list[tuple[Channel, Path]] = []

    def open(self) -> list[Channel]:
        """Every energy and power sensor; where both are, the counter goes first.

        Raises
        ------
        MeterError
            If there is none.
        """
        found: list[tuple[Channel, Path]] = []
        for folder in sorted(self.root.glob("hwmon*")) if self.root.is_dir() else []:
            found += self._folder(folder)
        if not found:
            raise MeterError(
                _("{root}: no sensor of energy or power.").format(root=self.root),
                _("on Grace machines the kernel needs CONFIG_SENSORS_ACPI_POWER"),
            )
        self._sensors = found
        return [channel for channel, _path in found]

    def _folder(self, folder: Path) -> list[tuple[Channel, Path]]:
        driver = word_of(folder / "name", folder.name)
        made: list[tuple[Channel, Path]] = []
        done: set[str] = set()
        files = sorted(p.name for p in folder.iterdir())
        for file in files:
            parts = re.fullmatch(r"(energy|power)(\d+)_(input|average)", file)
            if parts is None or f"{parts[1]}{parts[2]}" in done:
                continue
            done.add(f"{parts[1]}{parts[2]}")
            label = word_of(folder / f"{parts[1]}{parts[2]}_label")
            told = word_of(folder / f"{parts[1]}{parts[2]}_oem_info") or label
            place = _PLACES.get(driver, "board")
            parent = None
            if driver == "acpi_power_meter":
                word = told.lower().partition(" ")[0]
                place = _SOCKETS.get(word, "board")
                number = re.search(r"(\d+)\s*$", told)
                socket = number[1] if number else "0"
                if word in ("cpu", "sysio", "grace"):
                    over = "module" if self._has_module() else ("grace" if word != "grace" else "")
                    parent = f"acpi:{over}:{socket}" if over else None
                uuid = f"acpi:{word or folder.name}:{socket}"
            else:
                device = (
                    (folder / "device").resolve().name
                    if (folder / "device").exists()
                    else folder.name
                )
                uuid = (
                    f"{driver}:{device}" if driver in _PLACES else f"{driver}:{device}:{parts[2]}"
                )
                if driver == "amd_energy":
                    uuid = f"amd_energy:{label or parts[2]}"
                    if label.lower().startswith("ecore"):
                        parent = "amd_energy:Esocket0"
            known = driver in _PLACES
            made.append(
                (
                    Channel(
                        f"hwmon:{folder.name}:{driver}:{file}",
                        "uJ" if parts[1] == "energy" else "uW",
                        place,
                        vendor=driver,
                        uuid=uuid,
                        name=told or driver,
                        parent=parent,
                        note=""
                        if known
                        else _("what the driver {driver} meters is not known").format(
                            driver=driver
                        ),
                    ),
                    folder / file,
                )
            )
        return made

    def _has_module(self) -> bool:
        told = (word_of(p) for p in self.root.glob("hwmon*/power*_oem_info"))
        return any(word.lower().startswith("module") for word in told)

    def read(self) -> list[Reading]:
        """One reading of each sensor."""
        made = []
        for channel, path in self._sensors:
            mono, wall = self._clock(), self._wall()
            status, raw = number_of(path)
            made.append(Reading(channel.id, mono, wall, raw, status))
        return made

    def close(self) -> None:
        """Nothing is held open."""


class JetsonSource:
    """Powers of a Jetson's INA3221 sensors: mV times mA. `VDD_IN` is the whole module.

    Parameters
    ----------
    root : Path
        The folder of I2C drivers.
    """

    vendor = "jetson"

    def __init__(
        self,
        root: Path = INA,
        clock: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self.root = Path(root)
        self._clock, self._wall = clock, wall
        self._rails: list[tuple[Channel, Path, int]] = []

    def open(self) -> list[Channel]:
        """One channel a rail; the rails are inside `VDD_IN` where it is there.

        Raises
        ------
        MeterError
            If there is no such sensor.
        """
        rails = []
        for folder in sorted(self.root.glob("ina3221*/*/hwmon/hwmon*")):
            for i in (1, 2, 3):  # 4 to 6 are shunt voltages, 7 their sum
                name = word_of(folder / f"in{i}_label")
                if name and (folder / f"curr{i}_input").exists():
                    rails.append((name, folder, i))
        if not rails:
            raise MeterError(_("{root}: no sensor of energy or power.").format(root=self.root))
        whole = any(name == "VDD_IN" for name, _f, _i in rails)
        self._rails = [
            (
                Channel(
                    f"jetson:{name}",
                    "uW",
                    "module" if name == "VDD_IN" else "device",
                    vendor="jetson",
                    uuid=f"jetson:{name}",
                    name=name,
                    parent="jetson:VDD_IN" if whole and name != "VDD_IN" else None,
                ),
                folder,
                i,
            )
            for name, folder, i in rails
        ]
        return [channel for channel, _f, _i in self._rails]

    def read(self) -> list[Reading]:
        """One reading of each rail."""
        made = []
        for channel, folder, i in self._rails:
            mono, wall = self._clock(), self._wall()
            (v_ok, millivolt), (a_ok, milliampere) = (
                number_of(folder / name) for name in (f"in{i}_input", f"curr{i}_input")
            )
            if millivolt is None or milliampere is None:
                made.append(Reading(channel.id, mono, wall, None, max(v_ok, a_ok, STALE)))
            else:
                made.append(Reading(channel.id, mono, wall, millivolt * milliampere, OK))
        return made

    def close(self) -> None:
        """Nothing is held open."""
