"""The ledger: whole sweeps, one writer, many readers; what was acknowledged is kept."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from meter_fakes import Board, Nvml

from taotie.errors import MeterError
from taotie.metering.channel import ABSENT, Channel, Reading
from taotie.metering.import_file import read_meter_file
from taotie.metering.ledger import Ledger, opened, read_events, read_ledger
from taotie.metering.nvml import NvmlSource
from taotie.metering.recorder import Recorder
from taotie.metering.rollup import hours_folder, read_hours, roll_up
from taotie.metering.window import HOUR_NS, energy_window

S = 10**9
NOON = 1_700_000_000 * S // HOUR_NS * HOUR_NS


class Clock:
    """Boot clock and wall clock, moved by `sleep`."""

    def __init__(self, wall_ns=NOON):
        self.mono, self.offset = 5 * S, wall_ns - 5 * S

    def boot(self):
        return self.mono

    def wall(self):
        return self.mono + self.offset

    def sleep(self, seconds):
        self.mono += round(seconds * S)


def fake_boards(clock, n=2, watts=400.0):
    fake = Nvml([Board(f"GPU-{i}", watts=watts) for i in range(n)])
    begin = clock.mono
    start = [b.mj for b in fake.boards]

    def energy(b):
        return int(start[fake.boards.index(b)] + b.watts * (clock.mono - begin) / 1e6)

    fake.nvmlDeviceGetTotalEnergyConsumption = energy
    return fake, NvmlSource(fake, clock=clock.boot, wall=clock.wall, sleep=clock.sleep)


def record(path, clock, source, seconds, hz=1.0, boot="boot-1", **more):
    with Ledger(path, boot=boot, host="n1") as ledger:
        recorder = Recorder(
            ledger, [source], hz=hz, clock=clock.boot, wall=clock.wall, sleep=clock.sleep, **more
        )
        recorder.run(seconds)
        return recorder


def test_replay_a_recorded_minute(tmp_path) -> None:
    clock = Clock()
    _fake, source = fake_boards(clock)
    recorder = record(tmp_path / "l.db", clock, source, 60)
    assert recorder.sweeps == 61
    made = read_meter_file(tmp_path / "l.db")
    assert [energy_window(r).joules for r in made.readings] == [24000.0, 24000.0]
    assert made.readings[0].t_ns[0] == NOON


def test_replay_unchanged_values_cost_no_row(tmp_path) -> None:
    clock = Clock()
    _fake, source = fake_boards(clock, watts=0.0)
    record(tmp_path / "l.db", clock, source, 60)
    with opened(tmp_path / "l.db") as db:
        assert db.execute("SELECT count(*) FROM sample").fetchone() == (2,)
    window = energy_window(read_ledger(tmp_path / "l.db").readings[0])
    assert (window.joules, window.gaps, window.n) == (0.0, (), 61)


def test_replay_two_writers_are_refused_naming_the_first(tmp_path) -> None:
    """codecarbon 96, 544, 936: a second tracker on the same machine."""
    with Ledger(tmp_path / "l.db"), pytest.raises(MeterError, match=r"by process \d+ already"):
        Ledger(tmp_path / "l.db")
    Ledger(tmp_path / "l.db").close()


def test_worked_many_read_while_one_writes(tmp_path) -> None:
    clock = Clock()
    _fake, source = fake_boards(clock)
    path = tmp_path / "l.db"
    with Ledger(path) as ledger:
        recorder = Recorder(ledger, [source], clock=clock.boot, wall=clock.wall, sleep=clock.sleep)
        for i in range(1, 6):
            recorder.sweep()
            clock.sleep(1)
            one, other = read_ledger(path), read_ledger(path)
            assert len(one.readings[0]) == len(other.readings[0]) == i


def test_replay_a_step_of_the_clock_moves_no_energy(tmp_path) -> None:
    for step in (3600, -3600):
        path = tmp_path / f"{step}.db"
        clock = Clock()
        _fake, source = fake_boards(clock, n=1)
        with Ledger(path) as ledger:
            recorder = Recorder(
                ledger, [source], clock=clock.boot, wall=clock.wall, sleep=clock.sleep
            )
            recorder.run(30)
            clock.offset += step * S
            recorder.run(30)
        made = read_ledger(path)
        window = energy_window(made.readings[0])
        assert window.joules == pytest.approx(400.0 * window.seconds)
        assert window.seconds == pytest.approx(61, abs=1.1)
        assert [s.code for s in made.said] == ["clock_step"]
        assert read_events(path)[0].kind == "clock_step"


def test_replay_a_reboot_is_a_reset_a_restart_is_not(tmp_path) -> None:
    for boot, resets in (("boot-1", 0), ("boot-2", 1)):
        path = tmp_path / f"{boot}.db"
        clock = Clock()
        _fake, source = fake_boards(clock, n=1)
        record(path, clock, source, 10)
        clock.sleep(100)
        record(path, clock, source, 10, boot=boot)
        window = energy_window(read_ledger(path).readings[0])
        assert window.resets == resets
        assert window.joules == (400.0 * 120 if not resets else 400.0 * 20)
        assert [g.kind for g in window.gaps] == (["reset"] if resets else ["late"])


def test_replay_hours_add_up_to_the_raw_readings_exactly(tmp_path) -> None:
    pytest.importorskip("duckdb", reason="DuckDB is not installed")
    path = tmp_path / "l.db"
    clock = Clock(NOON + 1800 * S + 123_456_789)
    fake, source = fake_boards(clock)
    rng = np.random.default_rng(1)
    with Ledger(path) as ledger:
        recorder = Recorder(
            ledger,
            [source],
            hz=0.05,
            clock=clock.boot,
            wall=clock.wall,
            sleep=clock.sleep,
            raw_kept_ns=0,
        )
        for _i in range(200):
            fake.boards[0].watts = float(rng.integers(50, 700))
            recorder.run(40)
        before = read_ledger(path)
        total = sum(w.energy_uj for w in before.energy_windows())
        recorder.close_hours()
    after = read_ledger(path)
    assert sum(w.energy_uj for w in after.energy_windows()) == total
    assert len(after.readings[0]) < len(before.readings[0]) + len(before.windows)
    hours = read_hours(hours_folder(path))
    assert (
        sum(w.energy_uj for w in hours)
        + sum(w.energy_uj for w in after.energy_windows() if w not in after.windows)
        == total
    )
    assert {w.start_ns % HOUR_NS for w in hours} == {0}
    (one, *_more) = hours_folder(path).glob("date=*/hour=*/*.parquet")
    one.write_bytes(one.read_bytes()[:-9])
    with pytest.raises(MeterError, match="cannot be read as Parquet"):
        read_hours(hours_folder(path))
    assert [h.energy_uj for hs in after.hourly().values() for h in hs]


def test_worked_roll_up_twice_is_the_same(tmp_path) -> None:
    path = tmp_path / "l.db"
    clock = Clock()
    _fake, source = fake_boards(clock)
    record(path, clock, source, 7200, hz=0.1)
    with Ledger(path) as ledger:
        roll_up(ledger, clock.wall())
        n = ledger.db.execute("SELECT count(*), sum(energy_uj) FROM hour").fetchone()
        roll_up(ledger, clock.wall())
        assert ledger.db.execute("SELECT count(*), sum(energy_uj) FROM hour").fetchone() == n


def test_error_a_full_disk_keeps_what_was_acknowledged(tmp_path) -> None:
    path = tmp_path / "l.db"
    with Ledger(path) as ledger:
        ledger.add_channels([Channel(f"c{i}", "mJ") for i in range(8)])
        pages = ledger.db.execute("PRAGMA page_count").fetchone()[0]
        ledger.db.execute(f"PRAGMA max_page_count={pages + 3}")
        kept = 0
        try:
            for k in range(10_000):
                ledger.commit([Reading(f"c{i}", k * S, k * S, k) for i in range(8)], k * S, k * S)
                kept += 1
        except MeterError as error:
            told = error.message
        assert "disk is full" in told
        assert 10 < kept < 10_000
        ledger.db.execute(f"PRAGMA max_page_count={pages + 300}")
        ledger.commit([Reading(f"c{i}", kept * S, 0, kept) for i in range(8)], kept * S, kept * S)
    made = read_ledger(path)
    assert all(len(r) == kept + 1 for r in made.readings)


def test_error_a_newer_ledger_and_other_files(tmp_path) -> None:
    path = tmp_path / "new.db"
    Ledger(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '99'")
    for act in (read_ledger, Ledger):
        with pytest.raises(MeterError, match="newer taotie"):
            act(path)
    (tmp_path / "text.db").write_text("no database, and long enough to be read as one" * 50)
    with pytest.raises(MeterError, match="no ledger"):
        read_ledger(tmp_path / "text.db")
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE mine(a)")
    with pytest.raises(MeterError, match="no ledger of taotie"):
        read_ledger(tmp_path / "other.db")
    with pytest.raises(MeterError, match="does not exist"):
        read_ledger(tmp_path / "gone.db")
    with pytest.raises(MeterError, match="no place for a ledger"):
        Ledger(tmp_path / "no" / "l.db")


def test_error_no_meter_at_all(tmp_path) -> None:
    with Ledger(tmp_path / "l.db") as ledger:
        with pytest.raises(MeterError, match="no meter can be read"):
            Recorder(ledger, [])
        with pytest.raises(MeterError, match="cannot be"):
            Recorder(ledger, [], hz=1e-3)


def test_replay_a_channel_that_falls_silent_is_absent(tmp_path) -> None:
    clock = Clock()
    fake, source = fake_boards(clock, n=1)
    with Ledger(tmp_path / "l.db") as ledger:
        recorder = Recorder(ledger, [source], clock=clock.boot, wall=clock.wall, sleep=clock.sleep)
        recorder.run(5)
        fake.nvmlDeviceGetTotalEnergyConsumption = lambda _b: (_ for _ in ()).throw(
            fake.NVMLError(15)
        )
        clock.sleep(1)
        recorder.run(5)
    readings = read_ledger(tmp_path / "l.db").readings[0]
    assert (readings.status == ABSENT).sum() == 6
    assert energy_window(readings).joules == 2000.0


def _killed(path: Path, after_s: float) -> int:
    """Sweeps acknowledged by a recorder that was killed."""
    target = Path(__file__).with_name("kill_target.py")
    process = subprocess.Popen(
        [sys.executable, str(target), str(path), "60"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    seen = process.stdout.readline()
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    seen += process.stdout.read()
    process.wait()
    return int(seen.strip().rsplit("\n", 1)[-1])


def _intact(path: Path, acknowledged: int) -> None:
    with opened(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        n = db.execute("SELECT count(*) FROM sweep").fetchone()[0]
        rows = db.execute("SELECT count(*) FROM sample GROUP BY run, mono_ns").fetchall()
    assert acknowledged <= n <= acknowledged + 1
    assert set(rows) == {(8,)}


def test_worked_kill_loses_nothing_that_was_acknowledged(tmp_path) -> None:
    _intact(tmp_path / "l.db", _killed(tmp_path / "l.db", 0.15))
    Ledger(tmp_path / "l.db").close()  # the lock went with the process


@pytest.mark.slow
def test_worked_sixty_kills(tmp_path) -> None:
    rng = random.Random(15)
    for i in range(60):
        path = tmp_path / f"{i}.db"
        _intact(path, _killed(path, rng.uniform(0.0, 0.4)))
