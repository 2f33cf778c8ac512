"""Meters and requests in, one answer out: conservation, hours, labels, prices of the grid."""

from __future__ import annotations

import json

import numpy as np
import pytest

from taotie.answer.meter import meter_files, meter_report
from taotie.answer.meter_live import live_rows
from taotie.compute.metered.calibration import read_calibration
from taotie.errors import MeterError, TraceError
from taotie.metering.channel import DENIED, OK, Channel, Reading
from taotie.metering.ledger import Ledger

T0 = 1_767_225_600  # 2026-01-01T00:00:00Z


@pytest.fixture
def day(tmp_path):
    """Two boards over three hours at 1/10 Hz: 100 W each waiting, and 300 W while a request runs."""
    rng = np.random.default_rng(5)
    start = np.sort(rng.uniform(600, 10_000, 120)).round(1)
    ttft = rng.uniform(0.1, 1.0, 120).round(3)
    end = (start + ttft + rng.uniform(2, 40, 120)).round(1)
    t = np.arange(0, 10_801, 10)
    fine = np.arange(0, 10_800) + 0.5
    busy = ((start[:, None] <= fine) & (end[:, None] > fine)).any(axis=0)
    power = np.where(busy, 300.0, 100.0)
    energy = np.concatenate([[0], np.cumsum(power)])[t]
    lines = ["timestamp,uuid,energy_j"]
    for board, base in (("GPU-a", 5e6), ("GPU-b", 9e6)):
        lines += [f"{T0 + s},{board},{base + e}" for s, e in zip(t, energy, strict=True)]
    (tmp_path / "meter.csv").write_text("\n".join(lines) + "\n")
    rows = ["created_at,ttft_s,end,prompt_tokens,cached_tokens,completion_tokens,model,user,route"]
    for i in range(120):
        rows.append(f"{T0 + start[i]},{ttft[i]},{T0 + end[i]},{rng.integers(10, 2000)},{rng.integers(0, 10)},{rng.integers(1, 500)},"
                    f"{'llama' if i % 3 else 'qwen'},{['ann', 'bob', ''][i % 3]},/v1/chat")  # fmt: skip
    (tmp_path / "requests.csv").write_text("\n".join(rows) + "\n")
    hours = ["time,average_g_per_kwh,marginal_g_per_kwh,pue,price,wue"]
    for i, row in enumerate(("400,500,1.2,0.1,0.3", "200,700,1.2,0.05,0.3", "600,450,1.2,0.2,0.3")):
        hours.append(f"{T0 + 3600 * i},{row}")
    (tmp_path / "factors.csv").write_text("\n".join(hours) + "\n")
    return tmp_path, float(2 * energy[-1])


def test_property_every_level_adds_up_to_the_meters(day) -> None:
    folder, total = day
    own = meter_report([folder / "meter.csv"], folder / "requests.csv").own
    e = own["energy_j"]
    assert e["total"] == total
    assert e["idle"] + e["requests"] + e["unattributed"] == pytest.approx(total, rel=1e-12)
    for label in ("model", "user", "route"):
        assert sum(v["joules"] for v in own["by"][label].values()) == pytest.approx(
            e["requests"], rel=1e-12
        )
        assert sum(v["n"] for v in own["by"][label].values()) == own["requests"]["n"] == 120
    assert "unlabelled" in own["by"]["user"]
    assert {"p05", "p50", "p95", "mean"} == set(own["requests"]["joules"])


def test_worked_idle_power_is_found_again(day) -> None:
    folder, _total = day
    answer = meter_report([folder / "meter.csv"], folder / "requests.csv")
    assert answer.figures["idle_power"].p50 == pytest.approx(200.0)
    assert answer.figures["energy_total"].kind == "measured"
    assert answer.figures["energy_requests"].kind == "modelled"
    assert answer.figures["energy_total"].boundary == "accelerator"
    assert "weights_assumed" in {s.code for s in answer.said}


def test_worked_machine_readable(day) -> None:
    folder, _total = day
    made = json.loads(
        json.dumps(
            meter_report(
                [folder / "meter.csv"], folder / "requests.csv", factors=folder / "factors.csv"
            ).to_dict(),
            allow_nan=False,
        )
    )
    for key in (
        "windows",
        "energy_j",
        "boundary",
        "quality",
        "gaps",
        "requests",
        "by",
        "carbon_g",
        "water_l",
        "predicted",
        "ratio",
    ):
        assert key in made
    assert set(made["energy_j"]) >= {"total", "idle", "requests", "unattributed"}
    assert set(made["carbon_g"]) == {"average", "marginal"}
    assert set(made["by"]) == {"model", "user", "route"}
    assert made["quality"] == "counter"


def test_worked_accelerators_alone_get_no_pue(day) -> None:
    folder, _total = day
    bare = meter_report([folder / "meter.csv"], factors=folder / "factors.csv")
    assert "no_pue_without_server" in {s.code for s in bare.said}
    whole = meter_report([folder / "meter.csv"], factors=folder / "factors.csv", server_factor=1.0)
    assert whole.own["carbon_g"]["average"] == pytest.approx(1.2 * bare.own["carbon_g"]["average"])
    with pytest.raises(MeterError, match="below 1"):
        meter_report([folder / "meter.csv"], server_factor=0.9)


def test_published_hours_at_the_wall(tmp_path) -> None:
    """2, 3 and 1 kWh, PUE 1.2: 2400 g average, 4260 g marginal, 0.66, 1.8 L."""
    kwh = np.cumsum([0, 2, 3, 1])
    rows = "".join(f"{T0 + 3600 * i},wall,{v}\n" for i, v in enumerate(kwh))
    (tmp_path / "wall.csv").write_text("time,uuid,energy_kwh\n" + rows)
    hours = "time,average_g_per_kwh,marginal_g_per_kwh,pue,price,wue\n" + "".join(
        f"{T0 + 3600 * i},{row}\n"
        for i, row in enumerate(
            ("400,500,1.2,0.1,0.3", "200,700,1.2,0.05,0.3", "600,450,1.2,0.2,0.3")
        )
    )
    (tmp_path / "f.csv").write_text(hours)
    own = meter_report([tmp_path / "wall.csv"], boundary="wall", factors=tmp_path / "f.csv").own
    assert own["carbon_g"]["average"] == pytest.approx(2400)
    assert own["carbon_g"]["marginal"] == pytest.approx(4260)
    assert own["price"] == pytest.approx(0.66)
    assert own["water_l"] == pytest.approx(1.8)
    # hour by hour the same, in the table that page and terminal show
    table = meter_report(
        [tmp_path / "wall.csv"], boundary="wall", factors=tmp_path / "f.csv"
    ).tables["hours"]
    assert table.column("carbon_g") == pytest.approx([960, 720, 720])
    assert table.column("carbon_marginal_g") == pytest.approx([1200, 2520, 540])
    assert sum(table.column("water_l")) == pytest.approx(1.8)
    assert sum(table.column("price")) == pytest.approx(0.66)
    (tmp_path / "f.csv").write_text(hours.rsplit("\n", 2)[0] + "\n")  # the last hour has no factors
    answer = meter_report([tmp_path / "wall.csv"], boundary="wall", factors=tmp_path / "f.csv")
    assert answer.own["covered"]["average"] == pytest.approx(5 / 6)
    assert "hours_without_factor" in {s.code for s in answer.said}
    assert answer.own["carbon_g"]["average"] == pytest.approx(1680)


def test_worked_two_models_on_two_boards(day) -> None:
    """aitra 89: not all boards are charged to one model."""
    folder, total = day
    own = meter_report(
        [folder / "meter.csv"],
        folder / "requests.csv",
        groups={"llama": ["GPU-a"], "qwen": ["GPU-b"]},
    ).own
    assert own["energy_j"]["total"] == total
    models = own["by"]["model"]
    assert models["llama"]["joules"] < total / 2
    assert models["qwen"]["joules"] < total / 2
    with pytest.raises(MeterError, match="no meter of GPU-z"):
        meter_report([folder / "meter.csv"], folder / "requests.csv", groups={"llama": ["GPU-z"]})


def test_worked_prediction_beside_and_calibration(day, tmp_path) -> None:
    folder, _total = day
    answer = meter_report(
        [folder / "meter.csv"], folder / "requests.csv", model="llama-3.1-8b", on="h100-sxm"
    )
    own = answer.own
    assert own["predicted"]["requests_j"] > 0
    assert own["ratio"] == pytest.approx(
        own["predicted"]["measured_j"] / own["predicted"]["requests_j"]
    )
    meter_report(
        [folder / "meter.csv"],
        folder / "requests.csv",
        model="llama-3.1-8b",
        on="h100-sxm",
        calibrate=tmp_path / "mine.toml",
    )
    kept = read_calibration(tmp_path / "mine.toml")
    assert kept.low < own["ratio"] < kept.high or kept.n >= 5
    assert kept.about["model"] == "llama-3.1-8b"
    # the same factor and its own range in a prompt and in a study, for this machine only
    from taotie.answer.prompt import prompt

    asked = {"model": "llama-3.1-8b", "on": "h100-sxm:1", "precision": "bf16", "batch": 8}
    plain, mine = prompt(**asked), prompt(**asked, calibrate=tmp_path / "mine.toml")
    own, model = (a.figures["energy_per_request_accelerator"] for a in (mine, plain))
    assert own.p50 / model.p50 == pytest.approx((kept.next_low * kept.next_high) ** 0.5, rel=0.03)
    assert own.p95 / own.p05 == pytest.approx(kept.next_high / kept.next_low, rel=0.05)
    assert "own_calibration" in {d["leaf"] for d in mine.own["drivers"]}
    with pytest.raises(MeterError, match="measured with on=h100-sxm"):
        prompt(
            "llama-3.1-8b", on="a100-sxm-80gb:1", precision="bf16", calibrate=tmp_path / "mine.toml"
        )
    # and in a simulation: what works draws so many times as much, what waits and the times stay
    from taotie.answer.simulate import simulate

    served = {
        "trace": "chat", "per_day": 2e4, "sampled_hours": 0.2, "model": "llama-3.1-8b",
        "on": "h100-sxm:1", "precision": "bf16", "replicas": 1,
    }  # fmt: skip
    mine, plain = simulate(**served, calibrate=tmp_path / "mine.toml"), simulate(**served)
    joules, before = mine.own["energy_j"], plain.own["energy_j"]
    for part, factor in (("prefill", kept.factor), ("decode", kept.factor), ("idle", 1.0)):
        assert joules[part] == pytest.approx(factor * before[part], rel=1e-5)
    assert (
        before["host"] * min(1, kept.factor) < joules["host"] < before["host"] * max(1, kept.factor)
    )
    assert mine.own["ttft_s"] == plain.own["ttft_s"]
    assert mine.own["energy_range"] == pytest.approx(
        [kept.next_low / kept.factor, kept.next_high / kept.factor], rel=0.03
    )
    assert "energy_calibrated" in {s.code for s in mine.said}
    with pytest.raises(MeterError, match="measured with precision=bf16"):
        simulate(**{**served, "precision": "fp8"}, calibrate=tmp_path / "mine.toml")
    study = (
        'title = "own"\nsamples = 500\n[workload]\nkind = "chat"\nrequests_per_day = 1e6\n[compute]\n'
        'model = "llama-3.1-8b"\naccelerator = "h100-sxm"\naccelerators_per_replica = 1\nprecision = "bf16"\n'
    )
    from taotie.answer.study import run

    (tmp_path / "plain.toml").write_text(study)
    (tmp_path / "own.toml").write_text(study + 'calibrate = "mine.toml"\n')
    ours, theirs = (
        run(tmp_path / f"{n}.toml").figures["energy_per_request_accelerator"]
        for n in ("own", "plain")
    )
    assert ours.p50 / theirs.p50 == pytest.approx(kept.factor, rel=0.15)
    with pytest.raises(MeterError, match="needs requests"):
        meter_report([folder / "meter.csv"], calibrate=tmp_path / "mine.toml")


def test_worked_codecarbon_without_readings(tmp_path) -> None:
    head = "timestamp,run_id,duration,energy_consumed,cpu_energy,gpu_energy,ram_energy,tracking_mode,pue\n"
    (tmp_path / "emissions.csv").write_text(
        head + "2026-01-01T01:00:00,r,3600,0.4,0.1,0.2,0.1,machine,1.0\n"
    )
    answer = meter_report([tmp_path / "emissions.csv"])
    assert answer.own["energy_j"]["total"] == pytest.approx(0.2 * 3.6e6)
    assert answer.own["quality"] == "estimated"
    files = meter_files([tmp_path / "emissions.csv"])
    assert files.own["energy_j"]["total"] == pytest.approx(0.4 * 3.6e6)


def test_error_logs_that_do_not_fit(day, tmp_path) -> None:
    folder, _total = day
    text = (folder / "requests.csv").read_text()
    late = tmp_path / "late.csv"
    late.write_text(text.replace("17672", "17772"))
    with pytest.raises(MeterError, match="no request of the log lies in the metered time"):
        meter_report([folder / "meter.csv"], late)
    arrivals = tmp_path / "arrivals.csv"
    arrivals.write_text("timestamp,prompt_tokens,completion_tokens\n" + f"{T0 + 900},10,20\n" * 3)
    with pytest.raises(TraceError, match="arrivals alone"):
        meter_report([folder / "meter.csv"], arrivals)
    answer = meter_report(
        [folder / "meter.csv"],
        arrivals,
        model="llama-3.1-8b",
        on="h100",
        requests_from="2026-01-01T00:15:00Z",
    )
    assert answer.own["requests"]["times"] == "predicted"
    assert "times_predicted" in {s.code for s in answer.said}
    (tmp_path / "placed.csv").write_text(
        f"time,boundary,energy_j\n{T0},device,0\n{T0 + 9},device,5\n"
    )
    with pytest.raises(MeterError, match="no meter sits at wall"):
        meter_report([tmp_path / "placed.csv"], boundary="wall")


def test_worked_the_rest_up_to_the_plug_is_a_figure_of_its_own(tmp_path) -> None:
    """aitra 82, kepler 1349: what fans, network and losses draw is told, never spread in silence."""
    rows = f"time,uuid,boundary,energy_j\n{T0},a,device,0\n{T0},w,wall,0\n{T0 + 60},a,device,600\n{T0 + 60},w,wall,1000\n"
    (tmp_path / "m.csv").write_text(rows)
    answer = meter_report([tmp_path / "m.csv"])
    assert answer.own["boundary"] == "device"
    assert answer.figures["rest_of_server"].p50 == pytest.approx(400)
    assert answer.figures["energy_total"].p50 == pytest.approx(600)
    (tmp_path / "m.csv").write_text(rows.replace("device,600", "device,1200"))
    with pytest.raises(MeterError, match="the wall only"):
        meter_report([tmp_path / "m.csv"])
    (tmp_path / "m.csv").write_text(rows.replace(f"{T0 + 60},w", f"{T0 + 600},w"))
    assert "rest_of_server" not in meter_report([tmp_path / "m.csv"]).figures


def test_worked_a_model_that_is_gone_leaves_no_series(tmp_path) -> None:
    """aitra 103: a card that served nothing in the time has no joules of a request, and its waiting is told as such."""
    lines = "".join(
        f"{T0 + 10 * i},GPU-a,{i * 3000}\n{T0 + 10 * i},GPU-b,{i * 700}\n" for i in range(61)
    )
    (tmp_path / "m.csv").write_text("time,uuid,energy_j\n" + lines)
    (tmp_path / "r.csv").write_text(
        f"start,end,prompt_tokens,completion_tokens,model\n{T0 + 30},{T0 + 500},100,50,here\n"
    )
    own = meter_report(
        [tmp_path / "m.csv"],
        tmp_path / "r.csv",
        groups={"here": ["GPU-a"], "gone": ["GPU-b"]},
        idle_w=70.0,
    ).own
    assert set(own["by"]["model"]) == {"here"}
    e = own["energy_j"]
    assert e["idle"] + e["requests"] + e["unattributed"] == pytest.approx(e["total"])
    assert e["requests"] <= 60 * 3000


@pytest.fixture
def kept(tmp_path):
    """A counter that gives 100 J a second for 20 s and 300 J for 10 more; a plug at 500 W that is denied from 23 to 26 s and at last; one never seen."""
    path = tmp_path / "kept.db"
    names = ("boards", "plug", "none")
    channels = [
        Channel("x:a:energy", "J", "device", vendor="x", uuid="a", name=names[0]),
        Channel("x:b:power", "W", "wall", vendor="x", uuid="b"),
        Channel("x:c:power", "W", "board", vendor="x", uuid="c"),
    ]
    with Ledger(path, boot="one", host="n") as ledger:
        ledger.add_channels(channels)
        for s in range(31):
            joules = 100 * min(s, 20) + 300 * max(s - 20, 0)
            plug = (None, DENIED) if s in (23, 24, 25, 26, 30) else (500, OK)
            at = s * 10**9, (T0 + s) * 10**9
            ledger.commit(
                [Reading("x:a:energy", *at, joules), Reading("x:b:power", *at, *plug)], *at
            )
    return path


def test_worked_rows_of_what_is_drawn_now(kept) -> None:
    """The last ten seconds for the power, all of it for the energy, the state of the latest reading."""
    first, second, third = live_rows(kept)
    assert first == ("boards", "device", pytest.approx(300), pytest.approx(5000), "2026-01-01T00:00:30.000Z", "ok")  # fmt: skip
    assert (second.name, second.boundary, second.status) == ("b", "wall", "denied")
    assert second.seen == "2026-01-01T00:00:30.000Z"
    assert second.power_w == pytest.approx(
        500
    )  # of the four seconds seen: what is not known is no 0 W
    assert second.energy_j == pytest.approx((22 + 2) * 500)
    assert third == ("x:c:power", "board", None, None, "", "absent")


def test_worked_a_longer_look_back_is_a_mean_of_more(kept) -> None:
    """Twenty seconds of it: ten at 100 W, ten at 300 W."""
    assert live_rows(kept, 20)[0].power_w == pytest.approx(200)
    assert live_rows(kept, 0)[0].power_w is None
