"""Vendors' meters on stand-ins of their libraries and of the kernel's folders: no hardware."""

from __future__ import annotations

import os

import pytest
from meter_fakes import Amd, Board, Card, Nvml, rapl_tree

from taotie.errors import MeterError
from taotie.metering.amdsmi import AmdSource
from taotie.metering.channel import DENIED, chosen
from taotie.metering.hwmon import HwmonSource, JetsonSource
from taotie.metering.nvml import NvmlSource, scope_of
from taotie.metering.rapl import RaplSource, safe_period_s
from taotie.metering.recording import recorded
from taotie.metering.wall import (
    IpmiSource,
    pdu_energy,
    pdu_power,
    read_dcmi,
    read_redfish,
    rest_of_server,
)
from taotie.metering.window import energy_window


def nvml(*boards, **more):
    fake = Nvml(list(boards))
    return fake, NvmlSource(fake, clock=fake.clock, wall=fake.wall, sleep=fake.sleep, **more)


def sweep(source, fake, n=3, seconds=10.0):
    channels = source.open()
    readings = []
    for _i in range(n):
        readings += source.read()
        fake.sleep(seconds)
    return recorded(channels, readings)


def test_replay_a_counter_goes_before_power() -> None:
    fake, source = nvml(Board("GPU-a", watts=400), Board("GPU-b", watts=100), with_power=True)
    made = sweep(source, fake, n=2, seconds=3600)
    total = {c.uuid: energy_window(made.of(c.id)).joules for c in made.chosen().summed}
    assert total == {"GPU-a": 400 * 3600.0, "GPU-b": 100 * 3600.0}
    assert {c.unit for c in made.chosen().summed} == {"mJ"}


def test_replay_no_counter_is_estimated_from_power_never_zero() -> None:
    """codecarbon 1316 and 393: a board without a counter at 400 W for an hour is 0.4 kWh, not 0."""
    fake, source = nvml(Board(energy=3, watts=400))
    made = sweep(source, fake, n=361)
    (window,) = (energy_window(made.of(c.id)) for c in made.chosen().summed)
    assert window.joules == pytest.approx(0.4 * 3.6e6)
    assert window.quality == "integrated"
    assert "power is added up" in window.note


def test_replay_the_old_power_call_is_the_last_resort() -> None:
    fake, source = nvml(Board(energy=3, fields=False, watts=250))
    made = sweep(source, fake)
    assert energy_window(made.readings[0]).joules == pytest.approx(5000.0)


def test_replay_a_field_may_fail_though_the_call_succeeds() -> None:
    _fake, source = nvml(Board(energy=3, fields=False))
    assert [how for _c, _h, how in (source.open(), source._boards)[1]] == ["usage"]


def test_replay_a_lost_board_is_a_gap_and_the_other_goes_on() -> None:
    fake, source = nvml(Board("GPU-a", watts=400), Board("GPU-b", watts=400))
    channels = source.open()
    readings = []
    for i in range(10):
        fake.boards[1].lost = 3 <= i < 6
        readings += source.read()
        fake.sleep(1.0)
    made = recorded(channels, readings)
    a, b = (energy_window(made.of(f"nvidia:{u}:energy")) for u in ("GPU-a", "GPU-b"))
    assert a.joules == b.joules == 3600.0
    assert not a.gaps
    assert [g.kind for g in b.gaps] == ["late"]


def test_replay_a_superchip_counts_its_module() -> None:
    for module_w, watts, place in ((655.0, 500.0, "module"), (500.0, 300.0, "module")):
        _fake, source = nvml(Board(c2c=True, watts=watts, module_w=module_w))
        channel = next(c for c in source.open() if c.is_counter)
        assert channel.boundary == place
    assert scope_of(640, 500, 655) == "module"
    assert scope_of(900, 500, 650) == ""


def test_worked_mig_and_persistence_are_said() -> None:
    _fake, source = nvml(Board(mig=True, persistent=False))
    assert "MIG" in source.open()[0].note
    assert "persistence" in source.open()[0].note


def test_worked_only_the_boards_asked_for() -> None:
    _fake, source = nvml(Board("GPU-a"), Board("GPU-b"), only=("GPU-b",))
    assert {c.uuid for c in source.open()} == {"GPU-b"}


def test_matches_the_real_binding_over_a_stub_of_the_driver() -> None:
    """nvidia-ml-py itself, its C library replaced: what it raises and returns is what the reader expects."""
    pynvml = pytest.importorskip("pynvml", reason="nvidia-ml-py is not installed")
    pynvml._nvmlGetFunctionPointer_cache.clear()

    class Lib:
        """Only these exist; every other function is missing."""

        mj = 1_000_000

        def nvmlInitWithFlags(self, _flags):
            return 0

        def nvmlDeviceGetCount_v2(self, p):
            p._obj.value = 1
            return 0

        def nvmlDeviceGetHandleByIndex_v2(self, _i, _p):
            return 0

        def nvmlDeviceGetUUID(self, _h, buffer, _n):
            buffer.value = b"GPU-stub"
            return 0

        def nvmlDeviceGetTotalEnergyConsumption(self, _h, p):
            self.mj += 700_000
            p._obj.value = self.mj
            return 0

        def nvmlDeviceGetPowerUsage(self, _h, _p):
            return 3

    before = pynvml.nvmlLib
    pynvml.nvmlLib = Lib()
    try:
        source = NvmlSource(pynvml)
        (channel,) = source.open()
        assert (channel.uuid, channel.unit) == ("GPU-stub", "mJ")
        a, b = source.read()[0].raw, source.read()[0].raw
        assert b - a == 700_000
    finally:
        pynvml.nvmlLib = before
        pynvml._nvmlGetFunctionPointer_cache.clear()


def test_error_no_driver() -> None:
    fake = Nvml([])
    fake.nvmlInit = lambda: (_ for _ in ()).throw(fake.NVMLError(9))
    with pytest.raises(MeterError, match="NVML gives nothing"):
        NvmlSource(fake).open()


# --- AMD


def amd(*cards, **more):
    fake = Amd(list(cards))
    return fake, AmdSource(fake, clock=fake.clock, wall=fake.wall, sleep=fake.sleep, **more)


@pytest.mark.parametrize(("size", "uj"), [(15.3, 1_004_108), (15.259, 1_001_418)])
def test_published_the_returned_size_of_a_count_is_used(size: float, uj: int) -> None:
    fake, source = amd(Card(size=size, counts=0), check_s=0)
    (channel, *_rest) = source.open()
    first = source.read()[0]
    fake.cards[0].counts += 65628
    made = recorded([channel], [first, source.read()[0]._replace(wall_ns=first.wall_ns + 10**9)])
    assert energy_window(made.readings[0]).energy_uj == uj


def test_replay_a_counter_that_stands_still_under_load_is_not_believed() -> None:
    """amdsmi 38, rocm_smi_lib 180."""
    _fake, source = amd(Card(constant=True, watts=300))
    (channel,) = source.open()
    assert channel.unit == "mW"
    assert "not believed" in channel.note


def test_replay_the_odd_die_is_no_second_card() -> None:
    fake, source = amd(Card(watts=500), Card(watts=None, counts=0, constant=True))
    made = sweep(source, fake)
    assert len(made.chosen().summed) == 1
    assert "other die" in made.channels[-1].note


def test_replay_the_old_key_of_the_counter() -> None:
    _fake, source = amd(Card(key="power"))
    assert source.open()[0].unit == "uJ"


# --- RAPL


def test_replay_one_socket_of_mirrored_dies(tmp_path) -> None:
    """codecarbon 1274: two dies show one counter."""
    root = rapl_tree(
        tmp_path,
        {"intel-rapl:0": ("package-0-die-0", 777), "intel-rapl:1": ("package-0-die-1", 777)},
    )
    assert len(RaplSource(root).open()) == 1


def test_replay_two_real_dies_stay_two(tmp_path) -> None:
    root = rapl_tree(
        tmp_path,
        {"intel-rapl:0": ("package-0-die-0", 777), "intel-rapl:1": ("package-0-die-1", 91)},
    )
    assert len(chosen(RaplSource(root).open()).summed) == 2


def test_replay_the_mmio_copy_is_dropped(tmp_path) -> None:
    """codecarbon 1379."""
    root = rapl_tree(
        tmp_path, {"intel-rapl:0": ("package-0", 777), "intel-rapl-mmio:0": ("package-0", 500)}
    )
    assert [c.uuid for c in RaplSource(root).open()] == ["intel-rapl:0"]


def test_replay_packages_and_memory_never_with_psys_or_core(tmp_path) -> None:
    """codecarbon 950: psys holds the package."""
    root = rapl_tree(
        tmp_path,
        {"intel-rapl:0": ("package-0", 1), "intel-rapl:0:0": ("core", 2), "intel-rapl:0:1": ("uncore", 3),
         "intel-rapl:0:2": ("dram", 4), "intel-rapl:1": ("psys", 5), "intel-rapl:2": ("package-1", 9)},
    )  # fmt: skip
    assert sorted(c.name for c in chosen(RaplSource(root).open()).summed) == [
        "dram",
        "package-0",
        "package-1",
    ]
    assert [c.name for c in chosen(RaplSource(root, psys=True).open()).summed] == ["psys"]


def test_replay_wraps_between_reads_are_undone(tmp_path) -> None:
    root = rapl_tree(tmp_path, {"intel-rapl:0": ("package-0", 262143000000)})
    now = [0]
    source = RaplSource(root, clock=lambda: now[0], wall=lambda: now[0])
    channels, readings = source.open(), source.read()
    (root / "intel-rapl:0" / "energy_uj").write_text("171150")
    now[0] = 10**9
    made = recorded(channels, [*readings, *source.read()])
    assert energy_window(made.readings[0]).joules == 0.5


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_replay_unreadable_counters_are_denied(tmp_path) -> None:
    root = rapl_tree(tmp_path, {"intel-rapl:0": ("package-0", 1)})
    (root / "intel-rapl:0" / "energy_uj").chmod(0)
    source = RaplSource(root)
    assert "udev" in source.open()[0].note
    assert source.read()[0].status == DENIED


def test_replay_denied_by_the_kernel_is_said_with_what_to_type(tmp_path, monkeypatch) -> None:
    """codecarbon 244, 304, 493: unprivileged RAPL."""
    from taotie.metering import rapl

    root = rapl_tree(tmp_path, {"intel-rapl:0": ("package-0", 1)})
    real = rapl.number_of
    monkeypatch.setattr(
        rapl, "number_of", lambda p: (DENIED, None) if p.name == "energy_uj" else real(p)
    )
    source = RaplSource(root)
    (channel,) = source.open()
    assert "chmod g+r /sys/%p/energy_uj" in channel.note
    window = energy_window(recorded([channel], [*source.read(), *source.read()]).readings[0])
    assert window.energy_uj is None


def test_error_a_container_or_a_virtual_machine(tmp_path) -> None:
    with pytest.raises(MeterError, match="no energy counters") as caught:
        RaplSource(tmp_path / "powercap").open()
    assert "container" in caught.value.hint


def test_published_safe_period_of_an_amd_socket() -> None:
    assert safe_period_s(65532610987, 500) == pytest.approx(131 / 2, abs=0.1)


# --- hwmon, Jetson, wall


def test_replay_grace_module_holds_its_sockets(tmp_path) -> None:
    for i, told in enumerate(
        (
            "Module Power Socket 0",
            "Grace Power Socket 0",
            "CPU Power Socket 0",
            "SysIO Power Socket 0",
        )
    ):
        folder = tmp_path / f"hwmon{i}"
        folder.mkdir()
        (folder / "name").write_text("acpi_power_meter\n")
        (folder / "power1_average").write_text(f"{(i + 1) * 1_000_000}\n")
        (folder / "power1_oem_info").write_text(told + "\n")
    channels = HwmonSource(tmp_path).open()
    assert [c.name for c in chosen(channels).summed] == ["Module Power Socket 0"]
    source = HwmonSource(tmp_path)
    source.open()
    assert source.read()[0].raw == 1_000_000


def test_replay_jetson_module_is_not_added_to_its_rails(tmp_path) -> None:
    folder = tmp_path / "ina3221" / "1-0040" / "hwmon" / "hwmon1"
    folder.mkdir(parents=True)
    for i, name in enumerate(("VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"), start=1):
        (folder / f"in{i}_label").write_text(name)
        (folder / f"in{i}_input").write_text("5000")
        (folder / f"curr{i}_input").write_text(str(1000 * i))
    for i in (4, 5, 6, 7):  # shunt voltages and their sum
        (folder / f"in{i}_label").write_text("sum")
        (folder / f"in{i}_input").write_text("9")
    source = JetsonSource(tmp_path)
    assert [c.name for c in chosen(source.open()).summed] == ["VDD_IN"]
    assert source.read()[0].raw == 5_000_000


DCMI = """
    Instantaneous power reading:                   418 Watts
    Minimum during sampling period:                  8 Watts
    Average power reading over sample period:      402 Watts
    Power reading state is:                   activated
"""


def test_replay_ipmi() -> None:
    source = IpmiSource(lambda: DCMI)
    assert source.open()[0].boundary == "wall"
    assert source.read()[0].raw == 418
    with pytest.raises(MeterError, match="no power reading"):
        read_dcmi(DCMI.replace("activated", "deactivated"))


def test_replay_redfish_in_three_layouts() -> None:
    supply = {"@odata.id": "/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/1/Metrics",
              "InputPowerWatts": {"Reading": 937.4}, "OutputPowerWatts": {"Reading": 877.8}}  # fmt: skip
    ((channel, raw, _status),) = read_redfish(supply)
    assert (channel.boundary, raw) == ("wall", 937_400_000)
    gpu = {"@odata.id": "/redfish/v1/Systems/HGX_Baseboard_0/Processors/GPU_SXM_1/EnvironmentMetrics",
           "PowerWatts": {"Reading": 650.0}, "EnergykWh": {"Reading": None}}  # fmt: skip
    (power, energy) = read_redfish(gpu)
    assert (power[0].boundary, power[1]) == ("device", 650_000_000)
    assert energy[1] is None
    with pytest.raises(MeterError, match="error"):
        read_redfish({"error": {"code": "x"}})


def test_published_pdu_units() -> None:
    assert (pdu_power(312), pdu_energy(12), pdu_energy(-1)) == (3120.0, 1.2, None)


def test_error_more_inside_than_at_the_wall() -> None:
    """aitra 82, kepler 1349: the rest up to the wall is a figure of its own."""
    assert rest_of_server(1000, [600, 150]) == 250
    assert rest_of_server(1000, [900, 150]) == -50  # 5 % is what two meters may differ by
    with pytest.raises(
        MeterError, match="the meters inside say 1051 J, the wall only 1000 J"
    ) as more:
        rest_of_server(1000, [900, 151])
    assert "wall meter sees one of two supplies" in more.value.hint
