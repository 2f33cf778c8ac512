"""Stand-ins for vendors' libraries and for the kernel's folders, as the real ones answer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace


class NVMLError(Exception):
    """The binding's error, with its code."""

    def __init__(self, value: int) -> None:
        self.value = value
        super().__init__(
            {3: "Not Supported", 4: "Insufficient Permissions", 15: "GPU is lost"}.get(
                value, str(value)
            )
        )


class Board:
    """One board: what it answers to each call; an int above is an error code."""

    def __init__(
        self,
        uuid="GPU-a",
        *,
        watts=400.0,
        energy=True,
        fields=True,
        limit_w=700,
        mig=False,
        c2c=False,
        module_w=None,
        persistent=True,
        start_mj=5_000_000,
    ):
        self.uuid, self.watts, self.energy, self.fields, self.limit_w = (
            uuid,
            watts,
            energy,
            fields,
            limit_w,
        )
        self.mig, self.c2c, self.module_w, self.persistent = mig, c2c, module_w, persistent
        self.mj = float(start_mj)
        self.lost = False


class Nvml:
    """The module `pynvml`, over boards that draw their watts as the fake clock goes."""

    NVMLError = NVMLError

    def __init__(self, boards):
        self.boards, self.now_ns = boards, 1_000_000_000
        self.calls = 0

    # a clock that the source shares
    def clock(self):
        return self.now_ns

    def wall(self):
        return 1_700_000_000_000_000_000 + self.now_ns

    def sleep(self, seconds):
        self.now_ns += int(seconds * 1e9)
        for b in self.boards:
            b.mj += (b.module_w if b.c2c and b.module_w else b.watts) * seconds * 1000

    def nvmlInit(self): ...
    def nvmlShutdown(self): ...

    def nvmlDeviceGetCount(self):
        return len(self.boards)

    def nvmlDeviceGetHandleByIndex(self, i):
        if self.boards[i].lost:
            raise NVMLError(15)
        return self.boards[i]

    def nvmlDeviceGetUUID(self, b):
        return b.uuid.encode()

    def nvmlDeviceGetName(self, b):
        return "NVIDIA Test"

    def nvmlDeviceGetEnforcedPowerLimit(self, b):
        return b.limit_w * 1000

    def nvmlDeviceGetMigMode(self, b):
        return (1, 1) if b.mig else (0, 0)

    def nvmlDeviceGetPersistenceMode(self, b):
        return int(b.persistent)

    def nvmlDeviceGetC2cModeInfoV(self, b):
        if not b.c2c:
            raise NVMLError(3)
        return SimpleNamespace(isC2cEnabled=1)

    def nvmlDeviceGetTotalEnergyConsumption(self, b):
        self.calls += 1
        if b.lost:
            raise NVMLError(15)
        if b.energy is not True:
            raise NVMLError(b.energy or 3)
        return int(b.mj)

    def nvmlDeviceGetPowerUsage(self, b):
        return int(b.watts * 1000)

    def nvmlDeviceGetFieldValues(self, b, asked):
        found = []
        for field, scope in asked:
            watts = b.watts if scope == 0 else b.module_w
            good = b.fields and field in (185, 186) and watts is not None
            found.append(
                SimpleNamespace(
                    nvmlReturn=0 if good else 3,
                    value=SimpleNamespace(uiVal=int((watts or 0) * 1000), ullVal=0),
                )
            )
        return found


class Card:
    """One AMD die."""

    def __init__(
        self, *, watts=300.0, counts=65628, size=15.259, key="energy_accumulator", constant=False
    ):
        self.watts, self.counts, self.size, self.key, self.constant = (
            watts,
            float(counts),
            size,
            key,
            constant,
        )


class Amd:
    """The module `amdsmi`."""

    def __init__(self, cards):
        self.cards, self.now_ns = cards, 0

    def clock(self):
        return self.now_ns

    def wall(self):
        return 1_700_000_000_000_000_000 + self.now_ns

    def sleep(self, seconds):
        self.now_ns += int(seconds * 1e9)
        for c in self.cards:
            if not c.constant:
                c.counts += c.watts * seconds * 1e6 / c.size

    def amdsmi_init(self): ...
    def amdsmi_shut_down(self): ...

    def amdsmi_get_processor_handles(self):
        return self.cards

    def amdsmi_get_gpu_device_uuid(self, c):
        return f"amd-{self.cards.index(c)}"

    def amdsmi_get_energy_count(self, c):
        return {c.key: int(c.counts), "counter_resolution": c.size, "timestamp": self.now_ns}

    def amdsmi_get_power_info(self, c):
        return {
            "current_socket_power": c.watts if c.watts is not None else "N/A",
            "average_socket_power": "N/A",
        }


def rapl_tree(root: Path, zones: dict[str, tuple[str, int]], modulus: int = 262143328850) -> Path:
    """A folder `powercap`: zone to (name, uJ)."""
    for zone, (name, uj) in zones.items():
        folder = root / zone
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")
        (folder / "energy_uj").write_text(f"{uj}\n")
        (folder / "max_energy_range_uj").write_text(f"{modulus}\n")
    return root
