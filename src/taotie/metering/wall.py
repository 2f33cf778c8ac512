"""What does a machine draw at its supply? IPMI, Redfish and PDU answers, as channels and readings in W or kWh.

The texts and answers are taken as given: how they were fetched is the caller's business, so that recorded ones can
be read too.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from taotie.errors import MeterError
from taotie.files.read import of_others
from taotie.metering.channel import ABSENT, DENIED, OK, UNSUPPORTED, Channel, Reading, to_raw
from taotie.words.language import _

__all__ = [
    "PDU_ENERGY_OID",
    "PDU_POWER_OID",
    "IpmiSource",
    "pdu_energy",
    "pdu_power",
    "read_dcmi",
    "read_redfish",
]

PDU_POWER_OID = ".1.3.6.1.4.1.318.1.1.26.4.3.1.5"
"""rPDU2DeviceStatusPower, in hundredths of kW."""
PDU_ENERGY_OID = ".1.3.6.1.4.1.318.1.1.26.4.3.1.9"
"""rPDU2DeviceStatusEnergy, in tenths of kWh; its user can reset it."""


@of_others(MeterError)
def read_dcmi(text: str) -> float:
    """Watts of `ipmitool dcmi power reading`.

    Raises
    ------
    MeterError
        If the text says that nothing is measured, or is not that answer.

    Examples
    --------
    >>> read_dcmi("    Instantaneous power reading:                   418 Watts")
    418.0
    """
    found = re.search(r"Instantaneous power reading:\s*([\d.]+)\s*Watts?", text)
    inactive = re.search(r"Power reading state is:\s*deactivated", text)
    if found is None or inactive:
        raise MeterError(
            _("the management controller gives no power reading."),
            _("ipmitool dcmi power activate"),
        )
    return float(found[1])


class IpmiSource:
    """Power of the whole machine by its management controller.

    Parameters
    ----------
    ask : callable, optional
        Returns the text of `ipmitool dcmi power reading`.
    """

    vendor = "ipmi"

    def __init__(
        self,
        ask: Callable[[], str] | None = None,
        host: str = "",
        clock: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self._ask = ask or _ipmitool
        self.host = host
        self._clock, self._wall = clock, wall

    def open(self) -> list[Channel]:
        """One channel at the supply.

        Raises
        ------
        MeterError
            If nothing answers.
        """
        read_dcmi(self._ask())
        self._channel = Channel(
            "ipmi:dcmi:power",
            "W",
            "wall",
            vendor="ipmi",
            uuid="wall",
            host=self.host,
            update_ms=1000.0,
        )
        return [self._channel]

    def read(self) -> list[Reading]:
        """One reading."""
        mono, wall = self._clock(), self._wall()
        try:
            return [Reading(self._channel.id, mono, wall, round(read_dcmi(self._ask())))]
        except PermissionError:
            return [Reading(self._channel.id, mono, wall, None, DENIED)]
        except (MeterError, OSError):
            return [Reading(self._channel.id, mono, wall, None, ABSENT)]

    def close(self) -> None:
        """Nothing is held open."""


def _ipmitool() -> str:
    try:
        run = subprocess.run(
            ["ipmitool", "dcmi", "power", "reading"],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise MeterError(_("ipmitool is not installed."), "apt install ipmitool") from None
    return run.stdout


@of_others(MeterError)
def read_redfish(
    answer: Mapping[str, Any], host: str = ""
) -> list[tuple[Channel, int | None, int]]:
    """Channels with raw value and status from one answer of a Redfish service.

    Parameters
    ----------
    answer : mapping
        `PowerSupplies/{id}/Metrics`, the older `Chassis/{id}/Power`, or `EnvironmentMetrics` of a chassis or a
        processor.

    Raises
    ------
    MeterError
        If it is none of these.

    Examples
    --------
    >>> [(c.boundary, raw) for c, raw, _s in read_redfish(
    ...     {"@odata.id": "/redfish/v1/Chassis/1/Power", "PowerControl": [{"PowerConsumedWatts": 812}]})]
    [('wall', 812000000)]
    """
    where = str(answer.get("@odata.id", "redfish"))
    kind = str(answer.get("@odata.type", ""))
    if "error" in answer:
        raise MeterError(_("{where}: the service answers with an error.").format(where=where))
    found: list[tuple[Channel, int | None, int]] = []

    def add(suffix: str, unit: str, place: str, uuid: str, value: Any) -> None:
        raw, status = None, UNSUPPORTED
        if isinstance(value, int | float) and not isinstance(value, bool):
            raw, status = to_raw(float(value), unit, where), OK
        small = "uJ" if unit == "kWh" else "uW"
        channel = Channel(
            f"redfish:{where}:{suffix}", small, place, vendor="redfish", uuid=uuid, host=host
        )
        found.append((channel, raw, status))

    if "PowerControl" in answer:
        parts = answer["PowerControl"]
        for i, one in enumerate(parts):
            add(f"{i}", "W", "wall", f"{host}:wall:{i}", one.get("PowerConsumedWatts"))
    elif "InputPowerWatts" in answer or "PowerSupplyMetrics" in kind:
        value = answer.get("InputPowerWatts") or {}
        add("input", "W", "wall", where, value.get("Reading"))
        if "EnergykWh" in answer:
            add("energy", "kWh", "wall", where, (answer["EnergykWh"] or {}).get("Reading"))
    elif "PowerWatts" in answer or "EnergykWh" in answer:
        place = "device" if "/Processors/" in where else "wall"
        if "PowerWatts" in answer:
            add("power", "W", place, where, (answer["PowerWatts"] or {}).get("Reading"))
        if "EnergykWh" in answer:
            add("energy", "kWh", place, where, (answer["EnergykWh"] or {}).get("Reading"))
    else:
        raise MeterError(
            _("{where}: no reading of power or energy in this answer.").format(where=where),
            _("ask for PowerSubsystem/PowerSupplies/{id}/Metrics or EnvironmentMetrics").replace(
                "{id}", "1"
            ),
        )
    return found


def pdu_power(value: int) -> float | None:
    """Watts of an APC PDU's rPDU2DeviceStatusPower; None where it is not supported.

    Examples
    --------
    >>> pdu_power(312), pdu_power(-1)
    (3120.0, None)
    """
    return None if value < 0 else value * 10.0


def pdu_energy(value: int) -> float | None:
    """Kilowatt-hours of rPDU2DeviceStatusEnergy; None where it is not supported.

    Examples
    --------
    >>> pdu_energy(15)
    1.5
    """
    return None if value < 0 else value / 10.0


def rest_of_server(wall_j: float, parts_j: Sequence[float]) -> float:
    """What the wall meter saw beyond the meters inside the machine. [J]

    Raises
    ------
    MeterError
        If the parts are more than 5 % above the wall: a boundary is wrong.

    Examples
    --------
    >>> rest_of_server(1000.0, [600.0, 150.0])
    250.0
    """
    rest = wall_j - sum(parts_j)
    if rest < -0.05 * wall_j:
        raise MeterError(
            _("the meters inside say {inside:.6g} J, the wall only {wall:.6g} J.").format(
                inside=sum(parts_j), wall=wall_j
            ),
            _("one of them counts something twice, or the wall meter sees one of two supplies"),
        )
    return rest
