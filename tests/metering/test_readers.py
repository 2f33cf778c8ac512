"""Logs of meters in the layouts their programs write: exporters, Prometheus, OpenTelemetry, CodeCarbon, Zeus, Slurm."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import numpy as np
import pytest

from taotie.errors import MeterError
from taotie.metering.import_file import layout_of, read_meter_file, read_meter_files
from taotie.metering.otel import read_otlp
from taotie.metering.prometheus import PrometheusClient, read_answer
from taotie.metering.recording import merged
from taotie.metering.table_log import read_table
from taotie.metering.totals import read_codecarbon, read_slurm, read_zeus
from taotie.metering.when import epoch_ns
from taotie.metering.window import energy_window

T0 = 1_700_000_000


def answer(*series, kind="matrix"):
    rows = [
        {"metric": labels, "values": [[t, str(v)] for t, v in points]} for labels, points in series
    ]
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": rows}})


def codes(made):
    return {s.code for s in made.said}


# --- exporters

A30 = "\n".join(
    f'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{gpu="0",UUID="GPU-a30",device="nvidia0",modelName="NVIDIA A30",'
    f'Hostname="n1",GPU_I_PROFILE="1g.6gb",GPU_I_ID="{i}"}} {mj} {t}\n'
    f'DCGM_FI_DEV_POWER_USAGE{{gpu="0",UUID="GPU-a30",Hostname="n1",GPU_I_PROFILE="1g.6gb",GPU_I_ID="{i}"}} 52.7 {t}'
    for t, values in ((T0 * 1000, (0, 0, 0, 0)), ((T0 + 60) * 1000, (126272101025, 126272101025, 126272106318, 126272101025)))
    for i, mj in zip((3, 4, 5, 6), values, strict=True)
)  # fmt: skip


def test_published_mig_lines_are_one_board(tmp_path) -> None:
    """dcgm-exporter 257, 317, 561: 52.7 W, not 210.8; 35.075586 kWh, not 140.3."""
    path = tmp_path / "metrics.prom"
    path.write_text(A30 + "\n")
    made = read_meter_file(path)
    (channel,) = made.chosen().summed
    window = energy_window(made.of(channel.id))
    assert window.joules == 126272106.318
    assert round(window.joules / 3.6e6, 6) == 35.075585  # 35.0755850883 kWh
    power = next(r for r in made.readings if not r.channel.is_counter)
    assert power.raw.tolist() == [52_700_000] * 2
    assert "mig_lines_are_one_board" in codes(made)


def test_replay_total_suffix_and_created_series(tmp_path) -> None:
    path = tmp_path / "metrics.txt"
    path.write_text(
        "# TYPE DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION counter\n"
        f'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total{{UUID="GPU-a"}} 1000 {T0}000\n'
        f'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_total{{UUID="GPU-a"}} 4000 {T0 + 1}000\n'
        f'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION_created{{UUID="GPU-a"}} 1.7e9\n'
    )
    made = read_meter_file(path)
    assert energy_window(made.readings[0]).joules == 3.0


def test_replay_blank_values_are_absent() -> None:
    name = {"__name__": "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION", "UUID": "GPU-a"}
    made = read_answer(
        answer((name, [(T0, 1000), (T0 + 1, 9223372036854775794), (T0 + 2, "NaN"), (T0 + 3, 4000)]))
    )
    assert energy_window(made.readings[0]).joules == 3.0
    assert "readings_without_value" in codes(made)
    power = {"__name__": "DCGM_FI_DEV_POWER_USAGE", "UUID": "GPU-a"}
    made = read_answer(answer((power, [(T0, 400), (T0 + 1, 140737488355328.0), (T0 + 2, 400)])))
    assert made.readings[0].ok.tolist() == [True, False, True]


def test_replay_rapl_of_node_exporter_wraps() -> None:
    """Prometheus' increase() takes a wrap for a reset: 0.17115 J; true 0.5 J."""
    name = {
        "__name__": "node_rapl_package_joules_total",
        "index": "0",
        "path": "/sys/class/powercap/intel-rapl:0",
        "instance": "n1:9100",
    }
    made = read_answer(answer((name, [(T0, 262143.0), (T0 + 15, 0.171150)])))
    assert energy_window(made.readings[0]).joules == pytest.approx(0.5, abs=1e-6)
    assert "range_of_counter_taken" in codes(made)


def test_replay_kepler_zones_and_dummy() -> None:
    rows = [({"__name__": "kepler_node_cpu_joules_total", "zone": z, "path": "p", "node_name": "n1"}, [(T0, 0), (T0 + 5, j)])
            for z, j in (("package", 500), ("core", 300), ("dram", 100), ("psys", 900))]  # fmt: skip
    made = read_answer(answer(*rows))
    total = sum(energy_window(made.of(c.id)).joules for c in made.chosen().summed)
    assert total == 600.0
    dummy = (
        {"__name__": "kepler_node_cpu_joules_total", "source": "dummy", "zone": "package"},
        [(T0, 0), (T0 + 5, 0)],
    )
    made = read_answer(answer(dummy))
    assert not made.readings
    assert "no_meter_behind" in codes(made)


def test_worked_series_that_only_look_like_energy_are_told() -> None:
    made = read_answer(answer(({"__name__": "my_energy_thing"}, [(T0, 1), (T0 + 1, 2)])))
    assert not made.readings
    assert "series_not_known" in codes(made)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<html><body>502 Bad Gateway</body></html>", "HTML"),
        ('{"status":"error","errorType":"timeout","error":"query timed out"}', "query timed out"),
        ('{"status":"success","data":{"resultType":"matrix","result":[{"metric', "cut off"),
    ],
)
def test_error_answers_that_are_none(text: str, why: str) -> None:
    with pytest.raises(MeterError, match=why):
        read_answer(text, "saved.json")


def test_replay_a_prometheus_that_is_asked_for_raw_samples() -> None:
    """Samples at 5, 20, 35 and 50 s: last less first is 450 J; increase() over 60 s would say 600."""
    asked = []

    def fetch(url: str) -> str:
        asked.append(url)
        if "label" in url:
            return json.dumps({"status": "success", "data": ["up", "nv_energy_consumption"]})
        name = {"__name__": "nv_energy_consumption", "gpu_uuid": "GPU-a"}
        return answer((name, [(T0 + 5, 1000), (T0 + 20, 1150), (T0 + 35, 1300), (T0 + 50, 1450)]))

    made = PrometheusClient("http://localhost:9090", fetch).recording(T0, T0 + 60)
    assert energy_window(made.readings[0]).joules == 450.0
    assert "query_range" not in asked[-1]
    assert "%5B60000ms%5D" in asked[-1]


def test_replay_a_grid_of_query_range_is_told() -> None:
    name = {"__name__": "nv_energy_consumption", "gpu_uuid": "GPU-a"}
    made = read_answer(answer((name, [(T0 + 15 * i, 100 * i) for i in range(8)])))
    assert "values_on_a_grid" in codes(made)


def test_error_service_that_answers_503_or_nothing() -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503)
            self.end_headers()
            self.wfile.write(b"Service Unavailable")

        def log_message(self, *_a): ...

    server = HTTPServer(("127.0.0.1", 0), Busy)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        with pytest.raises(MeterError, match="answers 503") as caught:
            PrometheusClient(url).recording(T0, T0 + 60)
        assert "try again" in caught.value.hint
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(MeterError, match="does not answer"):
        PrometheusClient(url).recording(T0, T0 + 60)
    with pytest.raises(MeterError, match="no address"):
        PrometheusClient("file:///etc/passwd").recording(T0, T0 + 60)


def test_worked_half_a_scrape_drops_the_cut_line(tmp_path) -> None:
    path = tmp_path / "half.prom"
    text = "".join(
        f'nv_energy_consumption{{gpu_uuid="a"}} {100 + i} {T0 + i}000\n' for i in range(5)
    )
    path.write_text(text[:-10])
    made = read_meter_file(path)
    assert energy_window(made.readings[0]).joules == 3.0
    assert "half_a_scrape" in codes(made)


def test_worked_a_folder_of_pages(tmp_path) -> None:
    for i, joules in enumerate((1000, 1400, 1800)):
        (tmp_path / f"2023-11-14T22:13:{20 + i}Z.prom").write_text(
            f'nv_energy_consumption{{gpu_uuid="a"}} {joules}\n'
        )
    made = read_meter_file(tmp_path)
    assert energy_window(made.readings[0]).joules == 800.0


# --- OpenTelemetry


def otlp(points, name="hw.energy", temporality=2, unit="J", kind="gpu", key="sum", hw_id="0"):
    rows = [{"attributes": [{"key": "hw.id", "value": {"stringValue": hw_id}}, {"key": "hw.type", "value": {"stringValue": kind}}],
             "startTimeUnixNano": str(s * 10**9), "timeUnixNano": str(t * 10**9), "asDouble": v} for s, t, v in points]  # fmt: skip
    body = {"dataPoints": rows, "aggregationTemporality": temporality, "isMonotonic": True}
    return json.dumps({"resourceMetrics": [{"resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "n1"}}]},
                       "scopeMetrics": [{"metrics": [{"name": name, "unit": unit, key: body}]}]}]})  # fmt: skip


def test_replay_otlp_cumulative_and_delta_agree() -> None:
    cumulative = read_otlp(otlp([(T0, T0 + 10, 100), (T0, T0 + 20, 250), (T0, T0 + 30, 400)]))
    delta = read_otlp(otlp([(T0 + 10, T0 + 20, 150), (T0 + 20, T0 + 30, 150)], temporality=1))
    assert energy_window(cumulative.readings[0]).joules == 300.0
    assert energy_window(delta.readings[0]).joules == 300.0


def test_replay_otlp_new_start_is_a_reset_even_if_the_value_rose() -> None:
    made = read_otlp(otlp([(T0, T0 + 10, 100), (T0, T0 + 20, 200), (T0 + 25, T0 + 30, 500)]))
    window = energy_window(made.readings[0], late_ns=10**11)
    assert window.joules == 100.0 + 500.0
    assert window.resets == 1


def test_replay_otlp_a_hole_between_deltas_is_a_gap() -> None:
    made = read_otlp(otlp([(T0, T0 + 10, 100), (T0 + 60, T0 + 70, 100)], temporality=1))
    window = energy_window(made.readings[0], late_ns=10**12)
    assert window.joules == 200.0
    assert [g.seconds for g in window.gaps] == [50.0]


def test_replay_otlp_lines_and_units() -> None:
    lines = "\n".join(otlp([(T0, T0 + 10 * i, 0.1 * i)], unit="kJ") for i in range(4))
    assert energy_window(read_otlp(lines).readings[0]).joules == pytest.approx(300.0)
    host = read_otlp(
        otlp([(0, T0, 500), (0, T0 + 1, 500)], name="hw.host.power", unit="W", key="gauge")
    )
    assert host.readings[0].channel.boundary == "wall"
    assert "half_a_scrape" in codes(read_otlp(lines[:-20], "x"))


def test_error_otlp_without_temporality() -> None:
    with pytest.raises(MeterError, match="cumulative or a delta"):
        read_otlp(otlp([(T0, T0 + 1, 5)], temporality=0))


# --- CodeCarbon, Zeus, Slurm

CODECARBON = "timestamp,run_id,duration,energy_consumed,cpu_energy,gpu_energy,ram_energy,cpu_power,gpu_power,tracking_mode,pue\n"


def test_replay_codecarbon_last_row_of_a_run_without_its_pue() -> None:
    text = CODECARBON + "".join(
        f"2026-03-01T12:00:{s},r1,{s}.0,{k},{k / 4},{k / 2},{k / 4},100,200,machine,1.2\n"
        for s, k in ((10, 0.12), (20, 0.24))
    )
    made = read_codecarbon(text, "emissions.csv")
    by = {w.channel: w.joules for w in made.windows}
    assert by["codecarbon:r1:gpu"] == pytest.approx(0.1 * 3.6e6)
    assert sum(by.values()) == pytest.approx(0.2 * 3.6e6)
    assert {w.quality for w in made.windows} == {"estimated"}
    assert {"pue_taken_out", "measured_or_constant_unknown", "no_time_zone"} <= codes(made)


def test_replay_codecarbon_one_tracker_per_rank_is_one_machine() -> None:
    """codecarbon 96, 544, 936: eight ranks track the machine eight times."""
    text = CODECARBON + "".join(
        f"2026-03-01T12:01:00Z,r{i},60.0,0.4,0.1,0.2,0.1,1,1,machine,1.0\n" for i in range(8)
    )
    made = read_codecarbon(text)
    assert sum(w.joules for w in made.windows) == pytest.approx(0.4 * 3.6e6)
    assert "several_trackers_one_machine" in codes(made)


def test_replay_codecarbon_zero_is_missing() -> None:
    made = read_codecarbon(
        CODECARBON + "2026-03-01T12:01:00Z,r,3600,0.0,0.0,0.0,0.0,0,0,machine,1.0\n"
    )
    assert all(w.energy_uj is None for w in made.windows)
    assert "zero_is_no_reading" in codes(made)


def test_replay_zeus_short_windows_are_missing() -> None:
    """DCGM 171: 0 J of a job shorter than an update."""
    made = read_zeus(
        f"start_time,window_name,elapsed_time,gpu0_energy,gpu1_energy\n{T0}.5,a,5.0,2000.5,1999\n{T0 + 1}.5,b,0.05,0.0,0.0\n"
    )
    assert [w.joules for w in made.windows] == [2000.5, 1999.0, None, None]
    assert {"window_too_short", "windows_overlap"} <= codes(made)


def test_replay_slurm_raw_only() -> None:
    head = "JobIDRaw|Start|End|NodeList|AllocTRES|ConsumedEnergyRaw\n"
    made = read_slurm(head + "7|2026-03-01T10:00:00|2026-03-01T11:00:00|n1|cpu=8|3600000\n7.batch|2026-03-01T10:00:00|2026-03-01T11:00:00|n1|cpu=8|3600000\n"
                      "8|2026-03-01T10:00:00|2026-03-01T11:00:00|n2|cpu=8|18446744073709551614\n9|2026-03-01T10:00:00|2026-03-01T11:00:00|n2|cpu=8|0\n")  # fmt: skip
    assert [w.joules for w in made.windows] == [3_600_000.0, None, None]
    assert "node_not_job" in codes(made)
    with pytest.raises(MeterError, match="ConsumedEnergyRaw"):
        read_slurm(
            "JobIDRaw|Start|End|ConsumedEnergy\n7|2026-03-01T10:00:00|2026-03-01T11:00:00|3.6M\n"
        )


# --- tables


def test_replay_nvidia_smi() -> None:
    text = "timestamp, uuid, name, power.draw [W], power.limit [W]\n" + "".join(
        f"2023/11/14 22:13:{20 + i}.000, GPU-a, NVIDIA A100, {w}, 400.00 W\n"
        for i, w in enumerate(("100.00 W", "300.00 W", "[N/A]", "300.00 W"))
    )
    made = read_table(text, "smi.csv")
    (one,) = made.readings
    assert one.raw.tolist() == [100_000_000, 300_000_000, 0, 300_000_000]
    assert energy_window(one).joules == 200.0 + 600.0
    assert "no_time_zone" in codes(made)


@pytest.mark.parametrize(
    ("heading", "value"),
    [
        ("power_w", 400),
        ("power_mw", 400_000),
        ("Power (kW)", 0.4),
        ("watts", 400),
        ("power [uW]", 4e8),
    ],
)
def test_property_every_unit_gives_the_same_joules(heading: str, value: float) -> None:
    """codecarbon 117, 184, 286, 420, 440."""
    made = read_table(f"time,{heading}\n{T0},{value}\n{T0 + 3600},{value}\n")
    assert energy_window(made.readings[0], late_ns=10**14).joules == 1_440_000.0


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_property_every_unit_of_time(unit: str) -> None:
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    made = read_table(f"t,energy_j\n{T0 * scale},0\n{(T0 + 60) * scale},600\n")
    window = energy_window(made.readings[0])
    assert (window.start_ns, window.seconds, window.joules) == (T0 * 10**9, 60.0, 600.0)


def test_error_units_mixed() -> None:
    head = "timestamp,uuid,power_w\n"
    with pytest.raises(MeterError, match=r"line 3.*no device draws that") as caught:
        read_table(head + f"{T0},a,401.5\n{T0 + 1},a,402100\n")
    assert "mW" in caught.value.hint
    with pytest.raises(MeterError, match="is in mW here and in W before"):
        read_table(f"timestamp, power.draw\n{T0}, 400 W\n{T0 + 1}, 400000 mW\n")
    with pytest.raises(MeterError, match="does not say its unit") as caught:
        read_table(f"timestamp,power\n{T0},400\n")
    assert "power_w" in caught.value.hint


def test_error_times_and_layouts(tmp_path) -> None:
    with pytest.raises(MeterError, match="not a time"):
        epoch_ns(12.5)
    with pytest.raises(MeterError, match="not a time"):
        read_table("time,power_w\nyesterday,4\n")
    (tmp_path / "x.bin").write_bytes(b"\x00\x01\x02")
    for name, text in (
        ("page.txt", "<!DOCTYPE html><p>login"),
        ("x.json", '{"a": 1}'),
        ("n.csv", "a,b\n1,2\n"),
    ):
        (tmp_path / name).write_text(text)
    for name in ("x.bin", "page.txt", "x.json", "n.csv", "gone.csv"):
        with pytest.raises(MeterError):
            read_meter_file(tmp_path / name)


def test_worked_several_files_are_one(tmp_path) -> None:
    for i in range(2):
        rows = "".join(f"{T0 + 10 * i + k},a,{100 * (10 * i + k)}\n" for k in range(11))
        (tmp_path / f"{i}.csv").write_text("t,uuid,energy_j\n" + rows)
    made = merged([read_meter_file(tmp_path / f"{i}.csv") for i in range(2)])
    assert energy_window(made.readings[0]).joules == 2000.0
    assert "recordings_overlap" in codes(made)


def test_worked_layouts_are_recognised() -> None:
    assert layout_of(answer()) == "prometheus"
    assert layout_of(otlp([])) == "otlp"
    assert layout_of(CODECARBON) == "codecarbon"
    assert layout_of(A30) == "exposition"
    assert np.isfinite(T0)


def test_worked_a_prometheus_by_its_address(tmp_path):
    """A made-up service on loopback: its counters over a span, one page, and what it says when it is busy."""
    asked = []

    class Service(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            name = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
            rows = [[T0 + i, str(i * 400_000)] for i in range(0, 61, 15)]
            one = {"metric": {"__name__": name, "UUID": "GPU-a"}, "values": rows}
            text = {
                "/api/v1/label/__name__/values": json.dumps(
                    {"status": "success", "data": [name, "up"]}
                ),
                "/api/v1/query": json.dumps(
                    {"status": "success", "data": {"resultType": "matrix", "result": [one]}}
                ),
                "/metrics": f'{name}{{UUID="GPU-a"}} 5000000\n',
            }.get(self.path.split("?")[0], "")
            self.send_response(200 if text else 503)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_a): ...

    server = HTTPServer(("127.0.0.1", 0), Service)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        made = read_meter_files([f"{base}?start={T0}&end={T0 + 60}"])
        assert made.energy_windows()[0].joules == 24_000
        assert "span_asked" in {s.code for s in made.said}
        assert any(f"time={T0 + 60}.000" in path for path in asked)
        assert "one_scrape" in {s.code for s in read_meter_files([f"{base}/metrics"]).said}
        for address, says in (
            (f"{base}/api/v1/nothing", "503"),
            (f"{base}?last=6h", "last is nothing"),
            (f"{base}?start={T0}&end={T0}", "ends before it starts"),
        ):
            with pytest.raises(MeterError, match=says) as error:
                read_meter_files([address])
            assert error.value.hint
    finally:
        server.shutdown()
        server.server_close()


def test_worked_zones_of_a_table_are_added_once_and_machines_kept_apart():
    zones = (("package-0", 90), ("core", 50), ("psys", 140))
    text = "timestamp,host,name,energy_j\n" + "".join(f"{T0 + i},{h},{n},{i * k}\n" for i in range(11) for h in "ab" for n, k in zones)  # fmt: skip
    made = read_table(text, "zones.csv", "package")
    assert sorted(c.uuid for c in made.chosen().summed) == ["a/package-0", "b/package-0"]
    assert {s.code for s in made.chosen().left_out} == {"inside_another_meter"}


def test_error_two_meters_under_one_name_are_no_meter():
    text = "timestamp,part,power_w\n" + "".join(f"{T0 + i},{p},{w}\n" for i in range(20) for p, w in (("x", 300), ("y", 500)))  # fmt: skip
    with pytest.raises(MeterError, match="two meters under one name") as error:
        read_table(text, "m.csv")
    assert "part" in error.value.hint


def test_error_cards_written_one_after_the_other_without_an_index():
    rows = [
        f"2026/05/01 12:00:{second:02d}.{card:03d}, NVIDIA H100 80GB HBM3, {400 + 50 * card}.00 W"
        for second in range(40)
        for card in range(8)
    ]
    text = "timestamp, name, power.draw [W]\n" + "\n".join(rows) + "\n"
    with pytest.raises(MeterError, match="come 8 at a time") as error:
        read_table(text, "smi.csv")
    assert "--query-gpu=timestamp,index,power.draw --format=csv" in str(error.value.hint)


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (lambda i: (T0 + i, "NaN" if i == 5 else 300), "readings_without_value"),
        (lambda i: (T0 + i, "+Inf" if i == 5 else 300), "readings_without_value"),
        (lambda i: (T0 + i, -3 if i == 5 else 300), "readings_below_zero"),
        (lambda i: (T0 + i - 3600 * (i > 5), 300), "time_goes_back"),
    ],
)
def test_worked_what_a_table_lacks_is_told(cells, code):
    rows = "".join("{},{}\n".format(*cells(i)) for i in range(20))
    assert code in {one.code for one in read_table(f"time,power_w\n{rows}", "m.csv").said}


def test_worked_columns_of_several_meters_are_several_meters():
    head = "time,gpu0_power_w,gpu1_power_w,cpu_power_w"
    made = read_table(f"{head}\n" + "".join(f"{T0 + i},300,400,150\n" for i in range(11)), "w.csv")
    joules = {w.channel: w.joules for w in made.energy_windows()}
    assert joules == {"table:gpu0:gpu0_power_w": 3000, "table:gpu1:gpu1_power_w": 4000, "table:cpu:cpu_power_w": 1500}  # fmt: skip
    assert {c.uuid: c.boundary for c in made.chosen().summed} == {"gpu0": "device", "gpu1": "device", "cpu": "package"}  # fmt: skip
    whole = read_table(f"{head},total_power_w\n" + "".join(f"{T0 + i},300,400,150,1000\n" for i in range(11)), "w.csv")  # fmt: skip
    assert [c.uuid for c in whole.chosen().summed] == ["total"]


def test_error_energies_of_intervals_are_no_counter():
    rows = "".join(f"{T0 + i},{300 + (i * 7) % 5}\n" for i in range(30))
    with pytest.raises(MeterError, match="energies of intervals"):
        read_table(f"time,energy_j\n{rows}", "e.csv")
