"""Counters of an engine and activity of MIG instances beside meters: joules per token, and slices that add up."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from taotie.answer.meter import meter_report
from taotie.errors import MeterError
from taotie.study import metered_engine
from taotie.words.said import Said

T0 = 1_767_225_600
READ_J, WRITE_J, IDLE_W = 0.02, 0.4, 80.0


def _stamp(second: float) -> str:
    return datetime.fromtimestamp(T0 + second, UTC).strftime("%Y-%m-%dT%H_%M_%SZ")


@pytest.fixture
def service(tmp_path):
    """Fifty windows of a minute; tokens cost 0.02 J read and 0.4 J written, and the first five windows are idle."""
    rng = np.random.default_rng(3)
    pages, meter = tmp_path / "pages", ["timestamp,uuid,energy_j"]
    pages.mkdir()
    read = np.where(np.arange(50) < 5, 0, rng.integers(10_000, 90_000, 50))
    cached = read // 4
    written = np.where(np.arange(50) < 5, 0, rng.integers(1_000, 9_000, 50))
    energy = np.concatenate(
        [[0], np.cumsum(IDLE_W * 60 + READ_J * (read - cached) + WRITE_J * written)]
    )
    for i in range(51):
        meter.append(f"{T0 + 60 * i},GPU-a,{energy[i]:.6f}")
        p, c, w = (int(v[:i].sum()) for v in (read, cached, written))
        page = f'vllm:prompt_tokens_total{{model_name="m"}} {p}\nvllm:prompt_tokens_cached_total{{model_name="m"}} {c}\n'
        page += f'vllm:generation_tokens_total{{model_name="m"}} {w}\nvllm:request_success_total{{model_name="m"}} {i * 10}\n'
        page += f'vllm:num_requests_running{{model_name="m"}} {int(5 < i < 50)}\n'
        (pages / f"{_stamp(60 * i)}.txt").write_text(page)
    (tmp_path / "m.csv").write_text("\n".join(meter) + "\n")
    return tmp_path, int(read.sum()), int(cached.sum()), int(written.sum()), float(energy[-1])


def test_worked_joules_per_token_of_reading_and_writing_come_back(service) -> None:
    folder, read, cached, written, total = service
    answer = meter_report([folder / "m.csv"], metrics=folder / "pages")
    (row,) = answer.own["engine"]
    assert (row["engine"], row["model"]) == ("vllm", "m")
    assert (row["computed"], row["cached"], row["output"]) == (read - cached, cached, written)
    assert row["energy_j"] == pytest.approx(total - IDLE_W * 3000, rel=1e-6)
    assert row["read_j"] == pytest.approx(READ_J, rel=0.01)
    assert row["write_j"] == pytest.approx(WRITE_J, rel=0.01)
    assert row["j_per_token"] == pytest.approx(row["energy_j"] / written)
    assert answer.tables["engine"].rows


def test_worked_few_windows_and_other_times_are_told(service) -> None:
    folder, *_more = service
    for path in sorted((folder / "pages").iterdir())[20:]:
        path.unlink()
    answer = meter_report([folder / "m.csv"], metrics=folder / "pages")
    assert "reading_and_writing_together" in {s.code for s in answer.said}
    assert answer.own["engine"][0]["read_j"] is None
    (folder / "one").mkdir()
    (folder / "one" / f"{_stamp(0)}.txt").write_text("vllm:generation_tokens_total 1\n")
    with pytest.raises(MeterError, match="one page"):
        meter_report([folder / "m.csv"], metrics=folder / "one")
    (folder / "one" / f"{_stamp(9e6)}.txt").write_text("vllm:generation_tokens_total 1\n")
    with pytest.raises(MeterError, match="outside the metered time"):
        meter_report([folder / "m.csv"], metrics=folder / "one")
    with pytest.raises(MeterError, match="no folder of pages"):
        meter_report([folder / "m.csv"], metrics=folder / "m.csv")


def test_worked_tokens_of_windows_nobody_metered_are_not_of_the_fit(service) -> None:
    """The meter stops ten minutes early: what was read and written after costs no joule, and lowers no price."""
    folder, *_more = service
    lines = (folder / "m.csv").read_text().splitlines()
    (folder / "short.csv").write_text("\n".join(lines[:-10]) + "\n")
    (row,) = meter_report([folder / "short.csv"], metrics=folder / "pages").own["engine"]
    assert row["read_j"] == pytest.approx(READ_J, rel=0.01)
    assert row["write_j"] == pytest.approx(WRITE_J, rel=0.01)


def test_worked_what_each_window_has_to_say_is_said_once(monkeypatch) -> None:
    told = iter((["a"], ["b"], ["a"]))
    step = SimpleNamespace(**dict.fromkeys(metered_engine._COUNTS, 1.0))
    monkeypatch.setattr(metered_engine, "change", lambda *_: (step, [Said(c, c) for c in next(told)]))  # fmt: skip
    said = [Said("before", "before")]
    moved = metered_engine._moved("m", [{"m": None}] * 4, said)  # type: ignore[list-item]
    assert [one.code for one in said] == ["before", "a", "b"]
    assert all(values.tolist() == [1.0] * 3 for values in moved.values())


def test_worked_two_models_are_shared_by_weights_and_said(service) -> None:
    folder, *_more = service
    for path in sorted((folder / "pages").iterdir()):
        path.write_text(path.read_text() + path.read_text().replace('"m"', '"n"'))
    answer = meter_report([folder / "m.csv"], metrics=folder / "pages")
    one, two = answer.own["engine"]
    assert one["energy_j"] == pytest.approx(two["energy_j"])
    assert "models_by_weight" in {s.code for s in answer.said}


def test_worked_instances_of_a_card_add_up_to_it(tmp_path) -> None:
    """3 and 2 slices of 7; the first always busy, the second half of the time, both idle for the first minute."""
    pages = tmp_path / "pages"
    pages.mkdir()
    energy_mj = 0
    for i in range(11):
        quiet = i == 0
        text = ""
        for instance, profile, activity in (("1", "3g.40gb", 1.0), ("2", "2g.20gb", 0.5)):
            labels = f'gpu="0",UUID="GPU-a",modelName="NVIDIA H100",GPU_I_ID="{instance}",GPU_I_PROFILE="{profile}"'
            text += f"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{{labels}}} {energy_mj}\n"
            text += f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{labels}}} {0.0 if quiet else activity}\n"
        (pages / f"{_stamp(60 * i)}.prom").write_text(text)
        energy_mj += 70_000 * 60 if quiet else 470_000 * 60
    answer = meter_report([pages])
    rows = answer.own["slices"]
    assert [r["instance"] for r in rows] == ["1", "2", None]
    assert sum(r["energy_j"] for r in rows) == pytest.approx(
        answer.own["energy_j"]["total"], abs=1e-6
    )
    waiting, work = 70 * 600, 400 * 540
    assert rows[0]["energy_j"] == pytest.approx(waiting * 3 / 7 + work * 3 / 4, rel=1e-9)
    assert rows[1]["energy_j"] == pytest.approx(waiting * 2 / 7 + work * 1 / 4, rel=1e-9)
    assert rows[2]["energy_j"] == pytest.approx(waiting * 2 / 7, rel=1e-9)
    assert {"slices_are_modelled", "mig_lines_are_one_board"} <= {s.code for s in answer.said}
