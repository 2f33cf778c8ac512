"""What do NVIDIA accelerators draw, by NVML? Energy counters in mJ, else power in mW.

The counter runs since the driver was loaded and covers the board, or on Grace superchips the whole module. Power is
read only where there is no counter, and is then `integrated`. MIG instances have no meter of their own: only the
board is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from taotie.errors import MeterError, MissingExtraError
from taotie.metering.channel import ABSENT, DENIED, OK, STALE, UNSUPPORTED, Channel, Reading
from taotie.words.language import _

__all__ = ["NvmlSource", "scope_of"]

# codes and fields of NVML, as nvml.h numbers them
NOT_SUPPORTED, NO_PERMISSION, FUNCTION_NOT_FOUND, GPU_LOST = 3, 4, 13, 15
POWER_AVERAGE, POWER_INSTANT = 185, 186
SCOPE_GPU, SCOPE_MODULE = 0, 1
UPDATE_MS = 100.0
"""How often the counter moves: ML.ENERGY's measurements, quoted; newer boards may differ."""


def scope_of(counter_w: float, gpu_w: float | None, module_w: float | None) -> str:
    """What an energy counter covers: `device`, `module`, or nothing that can be told (empty).

    Parameters
    ----------
    counter_w : float
        Slope of the counter over some seconds. [W]
    gpu_w, module_w : float or None
        Mean power of the same seconds in the two scopes. [W]

    Examples
    --------
    >>> scope_of(640.0, 500.0, 655.0), scope_of(500.0, 505.0, None), scope_of(900.0, 500.0, 650.0)
    ('module', 'device', '')
    """
    near = [
        (abs(counter_w / w - 1), name)
        for w, name in ((gpu_w, "device"), (module_w, "module"))
        if w and w > 0
    ]
    if not near:
        return ""
    off, name = min(near)
    return name if off <= 0.05 else ""


class NvmlSource:
    """Readings of all NVIDIA boards of this machine.

    Parameters
    ----------
    nvml : module, optional
        The binding `pynvml` (package nvidia-ml-py), or a stand-in.
    check_s : float, default 2
        How long a superchip is watched to tell what its counter covers. [s]
    only : sequence of str, optional
        UUIDs to read; default all.
    with_power : bool, default False
        Read the power of boards that have a counter, too.

    Raises
    ------
    MissingExtraError
        If the binding is not installed.
    MeterError
        If there is no driver.
    """

    vendor = "nvidia"

    def __init__(
        self,
        nvml: Any = None,
        check_s: float = 2.0,
        only: tuple[str, ...] = (),
        with_power: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        if nvml is None:
            try:
                import pynvml

                nvml = pynvml
            except ImportError:
                raise MissingExtraError("nvidia-ml-py", "meter") from None
        self.nvml = nvml
        self.check_s, self.only, self.with_power = check_s, only, with_power
        self._clock, self._sleep, self._wall = clock, sleep, wall
        self._boards: list[tuple[Channel, Any, str]] = []

    def open(self) -> list[Channel]:
        """The boards: a counter each where there is one, else a power."""
        n = self.nvml
        try:
            n.nvmlInit()
            count = int(n.nvmlDeviceGetCount())
        except n.NVMLError as error:
            raise MeterError(
                _("NVML gives nothing: {why}.").format(why=error),
                _("is the NVIDIA driver loaded, and the device passed into the container?"),
            ) from None
        self._boards = []
        for index in range(count):
            self._boards += self._board(index)
        return [channel for channel, _handle, _how in self._boards]

    def _board(self, index: int) -> list[tuple[Channel, Any, str]]:
        n = self.nvml
        try:
            handle = n.nvmlDeviceGetHandleByIndex(index)
            uuid = _text(n.nvmlDeviceGetUUID(handle))
        except n.NVMLError as error:
            lost = Channel(
                f"nvidia:{index}:energy", "mJ", vendor="nvidia", uuid=f"nvidia-{index}",
                note=_("board {index} does not answer: {why}").format(index=index, why=error),
            )  # fmt: skip
            return [(lost, None, "")]
        if self.only and uuid not in self.only:
            return []
        name = _text(self._try(lambda: n.nvmlDeviceGetName(handle)) or "")
        limit = self._try(lambda: n.nvmlDeviceGetEnforcedPowerLimit(handle))
        notes = []
        mig = self._try(lambda: n.nvmlDeviceGetMigMode(handle))
        if mig and mig[0]:
            notes.append(_("MIG: the meter is the whole board's, not an instance's"))
        if self._try(lambda: n.nvmlDeviceGetPersistenceMode(handle)) == 0:
            notes.append(
                _(
                    "persistence mode is off: the counter may restart when no program holds the board"
                )
            )
        facts: dict[str, Any] = {
            "vendor": "nvidia",
            "uuid": uuid,
            "name": name,
            "limit_w": float(limit) / 1000.0 if limit else None,
            "update_ms": UPDATE_MS,
        }
        found = []
        status, _raw = self._energy(handle)
        if status == OK:
            boundary = "device"
            c2c = self._try(lambda: n.nvmlDeviceGetC2cModeInfoV(handle))
            if c2c is not None and bool(getattr(c2c, "isC2cEnabled", False)):
                boundary, note = self._superchip(handle)
                notes += [note] if note else []
            if boundary == "module":
                facts["limit_w"] = None  # the limit read is the GPU's alone
            channel = Channel(
                f"nvidia:{uuid}:energy", "mJ", boundary, note="; ".join(notes), **facts
            )
            found.append((channel, handle, "energy"))
        how = self._power_way(handle) if status != OK or self.with_power else ""
        if how:
            if status != OK:
                notes.append(_("no energy counter: power is added up"))
            facts["uuid"] = uuid
            channel = Channel(
                f"nvidia:{uuid}:power", "mW", "device", note="; ".join(notes), **facts
            )
            found.append((channel, handle, how))
        if not found:
            notes.append(_("neither energy nor power can be read"))
            channel = Channel(f"nvidia:{uuid}:energy", "mJ", note="; ".join(notes), **facts)
            found.append((channel, handle, "energy"))
        return found

    def _superchip(self, handle: Any) -> tuple[str, str]:
        """Boundary of the counter of a Grace superchip, by watching it."""
        begin_ns, (ok, before) = self._clock(), self._energy(handle)
        powers: dict[int, list[float]] = {SCOPE_GPU: [], SCOPE_MODULE: []}
        steps = 8
        for _i in range(steps):
            self._sleep(self.check_s / steps)
            for scope, seen in powers.items():
                raw = self._field(handle, POWER_INSTANT, scope)
                if raw:
                    seen.append(raw / 1000.0)
        seconds, (ok_after, after) = (self._clock() - begin_ns) / 1e9, self._energy(handle)
        if ok != OK or ok_after != OK or seconds <= 0 or before is None or after is None:
            return "module", _("what the counter covers could not be told; taken as the module")
        gpu, module = (
            sum(v) / len(v) if v else None for v in (powers[SCOPE_GPU], powers[SCOPE_MODULE])
        )
        covers = scope_of((after - before) / 1000.0 / seconds, gpu, module)
        if not covers:
            return "module", _(
                "the counter fits neither the GPU nor the module; taken as the module, so that no processor is added"
            )
        return covers, ""

    def read(self) -> list[Reading]:
        """One reading of each channel."""
        made = []
        for channel, handle, how in self._boards:
            mono, wall = self._clock(), self._wall()
            if handle is None:
                made.append(Reading(channel.id, mono, wall, None, ABSENT))
                continue
            if how == "energy":
                status, raw = self._energy(handle)
            else:
                status, raw = self._power(handle, how)
            made.append(Reading(channel.id, mono, wall, raw, status))
        return made

    def _energy(self, handle: Any) -> tuple[int, int | None]:
        return self._ask(lambda: int(self.nvml.nvmlDeviceGetTotalEnergyConsumption(handle)))

    def _power(self, handle: Any, how: str) -> tuple[int, int | None]:
        if how == "usage":
            return self._ask(lambda: int(self.nvml.nvmlDeviceGetPowerUsage(handle)))
        raw = self._field(handle, POWER_INSTANT if how == "instant" else POWER_AVERAGE, SCOPE_GPU)
        return (OK, raw) if raw is not None else (STALE, None)

    def _power_way(self, handle: Any) -> str:
        """The best power reading the board gives: mean, instant, or the old call."""
        if self._field(handle, POWER_AVERAGE, SCOPE_GPU):
            return "average"
        if self._field(handle, POWER_INSTANT, SCOPE_GPU):
            return "instant"
        status, _raw = self._power(handle, "usage")
        return "usage" if status == OK else ""

    def _field(self, handle: Any, field: int, scope: int) -> int | None:
        """One field; the call may succeed though the field failed."""
        try:
            value = self.nvml.nvmlDeviceGetFieldValues(handle, [(field, scope)])[0]
        except (self.nvml.NVMLError, AttributeError):
            return None
        if value.nvmlReturn != 0:
            return None
        return int(value.value.uiVal)

    def _ask(self, call: Callable[[], int]) -> tuple[int, int | None]:
        try:
            return OK, call()
        except self.nvml.NVMLError as error:
            code = getattr(error, "value", None)
            if code in (NOT_SUPPORTED, FUNCTION_NOT_FOUND):
                return UNSUPPORTED, None
            if code == NO_PERMISSION:
                return DENIED, None
            return (ABSENT if code == GPU_LOST else STALE), None

    def _try(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (self.nvml.NVMLError, AttributeError):
            return None

    def close(self) -> None:
        """Let the driver go."""
        self._try(lambda: self.nvml.nvmlShutdown())


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
