"""What do AMD accelerators draw, by AMD SMI? Energy counters in counts of a stated size, power in W.

A count is 15.3 or 15.259 microjoule, by version: the size returned beside the counter is used, never a constant. Of
the two dies of an MI250 the even one counts both and the odd one reads 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from taotie.errors import MeterError, MissingExtraError
from taotie.metering.channel import OK, STALE, UNSUPPORTED, Channel, Reading
from taotie.words.language import _

__all__ = ["AmdSource", "counter_believed"]


def counter_believed(counted_j: float, integrated_j: float) -> bool:
    """Does a counter fit the power read beside it, within 0.8 to 1.25 times?

    Examples
    --------
    >>> counter_believed(1000.0, 1100.0), counter_believed(0.0, 1100.0)
    (True, False)
    """
    return integrated_j > 0 and 0.8 < counted_j / integrated_j < 1.25


class AmdSource:
    """Readings of all AMD accelerators.

    Parameters
    ----------
    amdsmi : module, optional
        The binding, or a stand-in.
    check_s : float, default 2
        How long counter and power are compared before the counter is believed; 0: not at all. [s]
    """

    vendor = "amd"

    def __init__(
        self,
        amdsmi: Any = None,
        check_s: float = 2.0,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        if amdsmi is None:
            try:
                amdsmi = import_module("amdsmi")
            except ImportError:
                raise MissingExtraError("amdsmi", "meter") from None
        self.smi = amdsmi
        self.check_s = check_s
        self._clock, self._sleep, self._wall = clock, sleep, wall
        self._cards: list[tuple[Channel, Any]] = []

    def open(self) -> list[Channel]:
        """The cards: the counter where it fits the power, else the power."""
        try:
            self.smi.amdsmi_init()
            handles = list(self.smi.amdsmi_get_processor_handles())
        except Exception as error:
            raise MeterError(
                _("AMD SMI gives nothing: {why}.").format(why=error),
                _("the amdgpu driver and a ROCm of the binding's version are needed"),
            ) from None
        before = [(self._clock(), self._counter(h)) for h in handles]
        watched: list[list[tuple[int, float | None]]] = [
            [(self._clock(), self._watts(h))] for h in handles
        ]
        for _i in range(8 if self.check_s > 0 else 0):
            self._sleep(self.check_s / 8)
            for seen, h in zip(watched, handles, strict=True):
                seen.append((self._clock(), self._watts(h)))
        self._cards = []
        for index, handle in enumerate(handles):
            self._cards += self._card(index, handle, before[index], watched[index])
        return [channel for channel, _h in self._cards]

    def _card(
        self,
        index: int,
        handle: Any,
        before: tuple[int, tuple[int, float] | None],
        watched: list[tuple[int, float | None]],
    ) -> list[tuple[Channel, Any]]:
        uuid = str(self._try(lambda: self.smi.amdsmi_get_gpu_device_uuid(handle)) or f"amd-{index}")
        facts: dict[str, Any] = {"vendor": "amd", "uuid": uuid}
        found: list[tuple[Channel, Any]] = []
        note = ""
        now = self._counter(handle)
        powers = [(t, w) for t, w in watched if w is not None]
        if before[1] is not None and now is not None:
            seconds = (self._clock() - before[0]) / 1e9
            counted = (now[0] - before[1][0]) * now[1] / 1e6
            mean_w = sum(w for _t, w in powers) / len(powers) if powers else 0.0
            if self.check_s <= 0 or counter_believed(counted, mean_w * seconds):
                channel = Channel(f"amd:{uuid}:energy", "uJ", scale=now[1], **facts)
                found.append((channel, handle))
            elif now[0] == 0 and index % 2:
                note = _("reads 0: the other die of the pair counts both")
                twin = Channel(f"amd:{uuid}:energy", "uJ", scale=now[1], note=note, **facts)
                return [(twin, None)]
            else:
                note = _(
                    "the energy counter is not believed: it says {counted:.4g} J where the power adds up to {power:.4g} J"
                ).format(counted=counted, power=mean_w * seconds)
        if powers:
            facts["note"] = note or ("" if found else _("no energy counter: power is added up"))
            found.append((Channel(f"amd:{uuid}:power", "mW", **facts), handle))
        return found

    def read(self) -> list[Reading]:
        """One reading of each channel."""
        made = []
        for channel, handle in self._cards:
            mono, wall = self._clock(), self._wall()
            raw: int | None = None
            if handle is None:
                made.append(Reading(channel.id, mono, wall, None, UNSUPPORTED))
                continue
            if channel.is_counter:
                counter = self._counter(handle)
                raw = counter[0] if counter else None
            else:
                watts = self._watts(handle)
                raw = round(watts * 1000) if watts is not None else None
            made.append(Reading(channel.id, mono, wall, raw, OK if raw is not None else STALE))
        return made

    def _counter(self, handle: Any) -> tuple[int, float] | None:
        """Counts and the microjoules in one; the key was `power` before 6.2.1."""
        found = self._try(lambda: self.smi.amdsmi_get_energy_count(handle))
        if not isinstance(found, dict):
            return None
        counts = found.get("energy_accumulator", found.get("power"))
        size = found.get("counter_resolution")
        if not isinstance(counts, int) or not isinstance(size, int | float) or size <= 0:
            return None
        return counts, float(size)

    def _watts(self, handle: Any) -> float | None:
        found = self._try(lambda: self.smi.amdsmi_get_power_info(handle))
        if not isinstance(found, dict):
            return None
        for key in ("current_socket_power", "average_socket_power", "socket_power"):
            if isinstance(found.get(key), int | float):
                return float(found[key])
        return None

    def _try(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Exception:  # the binding's errors have no common base across versions
            return None

    def close(self) -> None:
        """Let the library go."""
        self._try(lambda: self.smi.amdsmi_shut_down())
