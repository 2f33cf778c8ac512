"""A block of Python on stand-ins: joules, or why there are none."""

from __future__ import annotations

from meter_fakes import Board, Nvml

from taotie.metering.meter import Meter, boards_of_this_job
from taotie.metering.nvml import NvmlSource


def source(*boards):
    fake = Nvml(list(boards))
    return fake, NvmlSource(fake, clock=fake.clock, wall=fake.wall, sleep=fake.sleep)


def test_replay_a_block_and_a_function() -> None:
    fake, meter = source(Board("GPU-a", watts=400), Board("GPU-b", watts=100))
    with Meter([meter], environment={}) as m:
        fake.sleep(10)
    assert m.joules == 5000.0
    assert m.by_boundary() == {"device": 5000.0}
    wrapped = Meter([meter], environment={})

    @wrapped
    def work():
        fake.sleep(2)
        return 7

    assert work() == 7
    assert wrapped.joules == 1000.0
    work()
    assert wrapped.calls == [1000.0, 1000.0]


def test_replay_boards_of_other_jobs_are_left_out() -> None:
    fake, meter = source(Board("GPU-a", watts=400), Board("GPU-b", watts=100))
    with Meter([meter], environment={"CUDA_VISIBLE_DEVICES": "GPU-b"}) as m:
        fake.sleep(10)
    assert m.joules == 1000.0
    with Meter([meter], environment={"CUDA_VISIBLE_DEVICES": "0"}) as m:
        fake.sleep(10)
    assert m.joules == 4000.0


def test_worked_a_mig_name_does_not_crash() -> None:
    """zeus 109."""
    channels = source(Board("GPU-a"))[1].open()
    assert boards_of_this_job(channels, {"CUDA_VISIBLE_DEVICES": "MIG-1f0c"})[0] == {"GPU-a"}
    two = source(Board("GPU-a"), Board("GPU-b"))[1].open()
    assert boards_of_this_job(two, {"CUDA_VISIBLE_DEVICES": "MIG-1f0c"}) == (None, "MIG-1f0c")
    assert boards_of_this_job(two, {"CUDA_VISIBLE_DEVICES": ""}) == (set(), "")


def test_worked_a_failed_block_still_has_its_energy() -> None:
    fake, meter = source(Board(watts=400))
    try:
        with Meter([meter], environment={}) as m:
            fake.sleep(10)
            raise ValueError("the training broke off")
    except ValueError:
        pass
    assert m.joules == 4000.0


def test_worked_no_meter_is_none_not_zero() -> None:
    fake = Nvml([])
    fake.nvmlInit = lambda: (_ for _ in ()).throw(fake.NVMLError(9))
    with Meter([NvmlSource(fake)]) as m:
        pass
    assert m.joules is None
    assert [s.code for s in m.said] == ["meter_absent", "no_meter"]
    assert "driver" in m.said[0].text()


def test_worked_too_short_a_block_is_told() -> None:
    fake, meter = source(Board(watts=400))
    with Meter([meter], environment={}) as m:
        fake.now_ns += 50_000_000  # time goes on, the counter has not moved yet
    assert "window_too_short" in {s.code for s in m.said}
