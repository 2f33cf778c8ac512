"""A campus by its connection, its own hours, a course of the day, or a mix of training and answering."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.study import run
from taotie.errors import StudyError

HEAD = 'title = "campus"\nsamples = 200\n'


def _study(tmp_path: Path, workload: str, more: str = "") -> Path:
    path = tmp_path / "campus.toml"
    text = f'{HEAD}[workload]\nkind = "campus"\n{workload}\n[facility]\n{more or "pue = 1.2"}\n'
    path.write_text(text, encoding="utf-8")
    return path


def _hours(path: Path, values: np.ndarray, name: str = "load_mw") -> None:
    first = np.datetime64("2023-01-01T00:00")
    lines = [f"time,{name}"]
    lines += [f"{first + np.timedelta64(i, 'h')},{v:.4f}" for i, v in enumerate(values)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_worked_a_power_is_the_connection(tmp_path):
    made = run(_study(tmp_path, 'power = "300 MW"')).figures
    assert np.allclose(made["connection"].to("MW").samples, 300.0)
    by_hand = 300e6 / 1.2 / 1050.0  # measured maximum of a server with eight H100: 8.4 kW
    assert made["accelerators"].p50 == pytest.approx(by_hand, rel=1e-6)
    assert made["mean_load"].to("MW").p95 <= 300.0 + 1e-6
    # the same campus told by its machines
    same = run(_study(tmp_path, f"accelerators = {by_hand:.6f}")).figures
    for key in ("connection", "mean_load", "annual_energy", "peak_load"):
        assert np.allclose(same[key].samples, made[key].to(same[key].unit).samples, rtol=1e-6), key


def test_worked_a_power_and_a_cooling(tmp_path):
    more = 'cooling = "air-economizer"\n[place]\nstate = "Texas"\n[grid]\ncase = "case5"\nbus = 3'
    made = run(_study(tmp_path, 'power = "50 MW"', more)).figures
    assert np.allclose(made["connection"].to("MW").samples, 50.0)
    assert made["pue_worst_hour"].p50 > made["pue"].p50


def test_worked_a_course_of_the_day(tmp_path):
    shape = [1.0] * 12 + [2.0] * 12
    made = run(_study(tmp_path, f"accelerators = 10000\nload_factor = 0.6\ndaily_shape = {shape}"))
    load = made.figures
    assert load["peak_load"].p50 / load["mean_load"].p50 == pytest.approx(2.0 / 1.5, rel=1e-9)
    assert load["mean_load"].p50 <= load["peak_load"].p50 <= load["connection"].p50
    flat = run(_study(tmp_path, "accelerators = 10000\nload_factor = 0.6")).figures
    assert load["annual_energy"].p50 == pytest.approx(flat["annual_energy"].p50, rel=1e-9)


def test_worked_training_and_answering(tmp_path):
    made = run(_study(tmp_path, "accelerators = 10000\ntraining_share = 0.7"))
    load = made.figures
    assert load["mean_load"].p50 < load["peak_load"].p50 < load["connection"].p95
    only = {
        share: run(_study(tmp_path, f"accelerators = 10000\ntraining_share = {share}")).figures
        for share in (0.0, 1.0)
    }
    assert only[0.0]["mean_load"].p50 < load["mean_load"].p50 < only[1.0]["mean_load"].p50
    assert only[1.0]["peak_load"].p50 == pytest.approx(only[1.0]["mean_load"].p50, rel=1e-9)
    assert {"default.workload.training_load", "default.workload.answering_top"} <= {
        s.code for s in made.said
    }


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_worked_hours_of_ones_own(tmp_path, ending):
    values = 80.0 + 20.0 * np.sin(2 * np.pi * np.arange(8760) / 24)
    _hours(tmp_path / "load.csv", values)
    if ending == "parquet":
        duckdb = pytest.importorskip("duckdb", reason="duckdb (extra data) is not installed")
        duckdb.sql(
            f"copy (select time::timestamp as time, load_mw from read_csv('{tmp_path / 'load.csv'}')) "
            f"to '{tmp_path / 'load.parquet'}' (format parquet)"
        )
    made = run(_study(tmp_path, f'load = "load.{ending}"')).figures
    assert made["mean_load"].to("MW").p50 == pytest.approx(80.0, rel=1e-4)
    assert made["peak_load"].to("MW").p50 == pytest.approx(100.0, rel=1e-4)
    assert made["connection"].to("MW").p50 == pytest.approx(100.0, rel=1e-4)
    assert made["annual_energy"].to("GWh/a").p50 == pytest.approx(80 * 8.76, rel=1e-3)
    assert made["accelerators"].p50 == pytest.approx(100e6 / 1.2 / 1050.0, rel=1e-3)


@pytest.mark.parametrize(
    ("head", "code"), [("power", "unit_taken"), ("负荷(万千瓦)", "unit_of_name")]
)
def test_worked_the_unit_of_hours_of_ones_own_is_told(tmp_path, head, code):
    """Ten megawatts as one, in the words of Chinese dispatch; no unit is no silent MW."""
    _hours(tmp_path / "load.csv", np.full(8760, 8.0))
    text = (tmp_path / "load.csv").read_text("utf-8").replace("load_mw", head, 1)
    (tmp_path / "load.csv").write_text(text, "utf-8")
    made = run(_study(tmp_path, 'load = "load.csv"'))
    assert code in {s.code for s in made.said}
    assert made.figures["mean_load"].to("MW").p50 == pytest.approx(8 if head == "power" else 80)


def test_worked_a_share_of_carbon_by_the_hours_of_its_own(tmp_path):
    hour = np.arange(8760) % 24
    noon, night = (np.where(pick, 90.0, 10.0) for pick in ((hour > 9) & (hour < 16), (hour < 6)))
    found = {}
    for name, values in (("noon", noon), ("night", night)):
        _hours(tmp_path / f"{name}.csv", values)
        more = 'pue = 1.2\n[place]\nstate = "California"'
        made = run(_study(tmp_path, f'load = "{name}.csv"', more)).figures
        found[name] = (made["annual_carbon_average"] / made["annual_energy"]).p50
    assert found["noon"] < 0.85 * found["night"]


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        ("", "needs accelerators"),
        ('power = "300 MW"\naccelerators = 1000', "both given"),
        (f"accelerators = 1000\ndaily_shape = {[0] * 6 + [1] * 18}", "at every hour"),
        (f"accelerators = 1000\nload_factor = 0.9\ndaily_shape = {[1] * 23 + [9]}", "busiest hour"),
        ("accelerators = 1000\ntraining_share = 1.2", "training_share"),
        ("accelerators = 1000\ntraining_share = 0.5\nload_factor = 0.5", "both given"),
        ('power = "300 MWh"', "power"),
        ('power = "0 MW"', "power"),
        ('load = "none.csv"', "no demand file"),
        ('load = "zero.csv"', "a campus draws power at every hour"),
        ('load = "two.csv"', "2 columns of load"),
        ('load = "ok.csv"\nload_factor = 0.5', "both given"),
    ],
)
def test_error_of_a_campus_is_one_sentence(tmp_path, workload, words):
    values = np.full(48, 10.0)
    _hours(tmp_path / "ok.csv", values)
    _hours(tmp_path / "zero.csv", np.where(np.arange(48) == 5, 0.0, values))
    text = (tmp_path / "ok.csv").read_text().splitlines()
    (tmp_path / "two.csv").write_text(
        "\n".join([text[0] + ",other_mw", *(line + ",1.0" for line in text[1:])]) + "\n"
    )
    with pytest.raises(StudyError, match=words):
        run(_study(tmp_path, workload))


def _year_of_hours(path, left_out=(), empty=(), n=8760):
    """A day that peaks at 15:00, every hour of a year; hours left out have no row, empty ones no value."""
    start = np.datetime64("2025-01-01T00", "h")
    with path.open("w", encoding="utf-8") as file:
        file.write("time,mw\n")
        for h in range(n):
            if h in left_out:
                continue
            mw = "" if h in empty else f"{200 + 80 * np.sin(2 * np.pi * (h % 24 - 9) / 24):.3f}"
            file.write(f"{start + h},{mw}\n")


@pytest.mark.parametrize("empty", [False, True])
def test_property_hours_that_lack_do_not_move_the_others(tmp_path, empty):
    """What stands behind a gap keeps its hour of the day; an empty cell is a gap like a row that is not there."""
    lacks = set(range(4000, 4013))
    found = {}
    for name, gone in (("whole", set()), ("gap", lacks)):
        _year_of_hours(tmp_path / f"{name}.csv", *((set(), gone) if empty else (gone, set())))
        study = tmp_path / f"{name}.toml"
        study.write_text(
            f'title = "x"\nsamples = 200\n[workload]\nkind = "campus"\nload = "{name}.csv"\n'
            '[facility]\ncooling = "air-economizer"\n[place]\nstate = "Virginia"\n'
        )
        made = run(study)
        found[name] = made.figures
        assert any(s.code == "steps_missing" for s in made.said) == bool(gone)
    for key in ("pue", "annual_carbon_average", "annual_energy"):
        # half of the hours would stand 13 hours late: 1e-3 in carbon
        assert found["gap"][key].p50 == pytest.approx(found["whole"][key].p50, rel=3e-4)


def test_property_a_week_that_stands_for_a_year_says_so(tmp_path):
    _year_of_hours(tmp_path / "week.csv", n=168)
    study = tmp_path / "week.toml"
    study.write_text('title = "x"\nsamples = 200\n[workload]\nkind = "campus"\nload = "week.csv"\n')
    assert any(s.code == "hours_stand_for_year" for s in run(study).said)
