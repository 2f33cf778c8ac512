"""Every reader of files and texts of others, with a few valid inputs to start from.

A reader takes a path and either returns or raises a `TaotieError`. New readers are added here: a test compares this
table with the source, so that none is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

STUDY = """title = "A small chat service"
seed = 7
samples = 100

[workload]
kind = "chat"
requests_per_day = { low = 1.5e6, mode = 2e6, high = 2.5e6, unit = "request/d" }

[compute]
model = "llama-3-1-8b"
accelerator = "h100-sxm"
batch_size = 32

[facility]
pue = 1.2

[grid]
case = "case9"
bus = 5

[report]
show = ["energy_per_request"]
"""
SCENARIO = """[fleet]
name = "mine"
horizon = 2030
pue = { low = 1.1, high = 1.3 }
mean_life = { low = 4, high = 6, unit = "a" }
"""
CALIBRATION = """[calibration]
factor = 1.05
spread = 1.1
low = 0.95
high = 1.1
next_low = 0.9
next_high = 1.2
n = 12

[about]
machine = "one"
"""
CLAIMS = """[article]
key = "one2024"
author = "A"
outlet = "B"
title = "C"
title_en = "C"
date = 2024-04-09
language = "en"
checked = 2026-11-22

[[claim]]
id = "energy"
line = 11
says_en = "A query takes 2.9 Wh."
says_zh = "一次查询耗电 2.9 瓦时。"
system = "request"
kind = "computed"
stated = { value = 2.9, unit = "Wh/request", tol = 0.05 }
formula = "a / b"
note_en = "564 MWh a day over 195 million requests."
note_zh = "每天 564 兆瓦时，1.95 亿次请求。"
sources = ["devries2023"]

[claim.inputs]
a = { value = 564, unit = "MWh/d", source = "devries2023" }
b = { value = 195e6, unit = "request/d", source = "devries2023" }
"""
CONFIG = json.dumps(
    {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
        "torch_dtype": "bfloat16",
        "tie_word_embeddings": False,
    }
)
CASE = """function mpc = tiny
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
 1 3 0 0 0 0 1 1 0 230 1 1.1 0.9;
 2 1 50 10 0 0 1 1 0 230 1 1.1 0.9;
];
mpc.gen = [ 1 50 0 300 -300 1 100 1 250 10 ];
mpc.branch = [ 1 2 0.01 0.1 0.02 250 250 250 0 0 1 -360 360 ];
mpc.gencost = [ 2 0 0 3 0.1 5 100 ];
"""
TRACE = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n2023-11-16 18:15:51.2224670,879,55\n"
MOONCAKE = "".join(
    json.dumps({"timestamp": 1000 * i, "input_length": 500 + i, "output_length": 20 + i, "hash_ids": [1, 2, i]}) + "\n"
    for i in range(4)
)  # fmt: skip
SERVED = "start,end,prompt_tokens,output_tokens,model\n" + "".join(
    f"2024-05-01T00:00:{i:02d}Z,2024-05-01T00:00:{i + 3:02d}Z,{100 + i},{20 + i},llama\n"
    for i in range(5)
)
METER = "timestamp, uuid, power.draw [W]\n" + "".join(
    f"2024/05/01 00:00:{i:02d}.000, GPU-1, {300 + i}.5 W\n" for i in range(5)
)
DEMAND = "time,load_mw\n" + "".join(f"2024-01-01T{h:02d}:00,{900 + 10 * h}\n" for h in range(24))
DEMAND_EIA = (
    "Balancing Authority,UTC Time at End of Hour,Demand (MW),Demand (MW) (Adjusted)\n"
    + "".join(
        f'ERCO,1/1/2024 {h % 12 or 12}:00:00 {"AP"[h > 11]}M,,"4{h % 10},120"\n' for h in range(24)
    )
)
SERIES = "hour,load_mw,wind_cf,pv_cf,price\n" + "".join(
    f"{h},{100 + h},0.3,{0.5 if 6 < h < 18 else 0},{40 + h}\n" for h in range(48)
)
WEATHER = "site,ghi,dni,dhi,db_c,wind_ms\n" + "".join(
    f"a,{max(0, 100 * (h % 24 - 6))},50,20,{10 + h % 5},4.5\n" for h in range(48)
)
HOURS = "time,drybulb_c,rh_pct,pressure_pa\n" + "".join(
    f"2024-01-01T{h:02d}:00,{10 + h % 5},60,101325\n" for h in range(24)
)
SERVED_LINES = "".join(
    json.dumps(
        {
            "start": 1714521600.0 + i,
            "duration_s": 2.5,
            "usage": {"prompt_tokens": 100 + i, "completion_tokens": 20},
        }
    )
    + "\n"
    for i in range(4)
)
WAVE = "time_s,power_mw\n" + "".join(f"{i / 10},{100 + 20 * (i % 2)}\n" for i in range(30))
BANDS = "name,low_hz,high_hz,limit_mw\nslow,0.1,1,10\nfast,1,2.5,5\n"
OTLP = json.dumps(
    {"resourceMetrics": [{"resource": {"attributes": [{"key": "host.name", "value": {"stringValue": "n1"}}]}, "scopeMetrics": [{"metrics": [{"name": "hw.energy", "unit": "J", "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [{"attributes": [{"key": "hw.id", "value": {"stringValue": "gpu0"}}], "timeUnixNano": "1700000000000000000", "asDouble": 10.0}, {"attributes": [{"key": "hw.id", "value": {"stringValue": "gpu0"}}], "timeUnixNano": "1700000010000000000", "asDouble": 3010.0}]}}]}]}]}
)  # fmt: skip
PROMETHEUS = json.dumps(
    {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {"__name__": "DCGM_FI_DEV_POWER_USAGE", "gpu": "0", "Hostname": "n1"}, "values": [[1700000000, "300"], [1700000010, "310"]]}]}}
)  # fmt: skip
REDFISH = json.dumps(
    {"@odata.id": "/redfish/v1/Chassis/1/Power", "PowerControl": [{"PowerConsumedWatts": 344, "Name": "System"}]}
)  # fmt: skip
EXPOSITION = '# TYPE DCGM_FI_DEV_POWER_USAGE gauge\nDCGM_FI_DEV_POWER_USAGE{gpu="0",Hostname="n1"} 300.5 1700000000000\n'
CODECARBON = "timestamp,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed\n2024-05-01T00:00:10,a,10,0.001,0.001,0.002,0.0001,0.0031\n"
ZEUS = "start_time,window_name,elapsed_time,gpu0_energy\n1700000000,train,10.5,3000.5\n"
SLURM = "JobID|ConsumedEnergyRaw|ElapsedRaw|Start|End\n1|36000|100|2024-05-01T00:00:00|2024-05-01T00:01:40\n"
USAGE = json.dumps(
    {"object": "page", "data": [{"object": "bucket", "start_time": 1714521600, "end_time": 1714608000, "results": [{"input_tokens": 1000, "output_tokens": 200, "num_model_requests": 5, "model": "gpt-4o"}]}]}
)  # fmt: skip
AGENT = json.dumps(
    {"type": "assistant", "sessionId": "s", "timestamp": "2024-05-01T00:00:00Z", "message": {"id": "m", "model": "claude", "usage": {"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 5}}}
) + "\n"  # fmt: skip
CODEX = json.dumps(
    {"timestamp": "2024-05-01T00:00:00Z", "type": "event_msg", "payload": {"type": "token_count", "info": {"total_token_usage": {"input_tokens": 10, "output_tokens": 5}, "last_token_usage": {"input_tokens": 10, "output_tokens": 5}}}}
) + "\n"  # fmt: skip
CONVERSATIONS = json.dumps(
    [[{"timestamp": 0.5, "input_token_count": 100, "output_token_count": 20}, {"timestamp": 9.5, "input_token_count": 300, "output_token_count": 40}]]
)  # fmt: skip
STOCK = "date,p05,p50,p95\n2023-03-31,10,20,30\n2023-06-30,15,30,45\n2023-09-30,20,40,60\n"
MINING = "date,hashrate_th_s,price_usd\n" + "".join(
    f"2024-01-{d:02d},{5e8 + d},{40000 + d}\n" for d in range(1, 12)
)
MEMPOOL = json.dumps(
    {
        "hashrates": [
            {"timestamp": 1704067200 + 86400 * d, "avgHashrate": 5e20 + d} for d in range(5)
        ],
        "difficulty": [],
    }
)
BLOCKCHAIN = json.dumps({"status": "ok", "name": "Hash Rate", "unit": "Hash Rate TH/s", "values": [{"x": 1704067200 + 86400 * d, "y": 5e8 + d} for d in range(5)]})  # fmt: skip
MINERS = "name,released,efficiency_j_per_gh\nS19,2020-05-01,0.034\nS9,1467331200,0.098\n"
ROOM = "hour,room_mw\n" + "".join(f"{h},{100 + h}\n" for h in range(24))
BOARD = "model,task,date,wh_per_1000_queries\na,text,2024-05-01,10.5\nb,text,2024-05-01,20\n"
FACTORS = "time,average_g_per_kwh,price_per_kwh\n" + "".join(
    f"2024-05-01T{h:02d}:00Z,{300 + h},{40 + h}\n" for h in range(24)
)
COORDINATES = "bus_id,lat,lon\n" + "".join(
    f"{b},{40 + b / 10},{-90 - b / 10}\n" for b in range(1, 10)
)
AREA = "1,2,3,4,5,6,7,8,9\n" + "90,90,90,90,90,90,90,90,90\n" * 3
RESULT = json.dumps(
    {"schema": "taotie-result-1", "version": "0.1.0", "title": {"en": "t", "zh": "t"}, "study": {}, "seed": 1, "samples": 100, "results": ["a.x"], "figures": {"a.x": {"label": "x", "label_zh": "x", "value": {"p05": 2.0, "p50": 2.0, "p95": 2.0, "mean": 2.0, "n": 100}, "unit": "MW", "boundary": "facility", "kind": "assumed", "formula": "x", "inputs": [], "source": None, "hash": "", "distribution": {"value": 2.0}}}, "profiles": {"facility_load": {"unit": "MW", "boundary": "facility", "kind": "modelled", "step_h": 1.0, "p05": [1.0], "p50": [1.0], "p95": [1.0], "terms": [{"figure": "a.x", "shape": [0.5]}]}}, "defaults": [], "files": [], "warnings": [], "sources": {}, "sha256": ""}
)  # fmt: skip
SENTENCES = (
    "A query takes 2.9 Wh, ten times a search (0.3 Wh), so 195 million requests a day need 564 MWh.",
    "一次查询耗电 2.9 瓦时，约为搜索（0.3 瓦时）的十倍；每天 1.95 亿次请求需 564 兆瓦时。",
    "Data centres used 460 TWh in 2022, up 3.5 % from 2021; by 2026 between 620 and 1,050 TWh.",
)
SERVEGEN = "0,2.0,1.0,Gamma,1.0,0.5\n600,0,0,,0,0\n1200,1.0,2.0,Weibull,0.25,4.0\n\n" + json.dumps(
    {"0": {"input_tokens": "{10: 0.5, 20: 0.5}", "output_tokens": "{3: 1.0}"}, "1200": {"input_tokens": "{100: 1.0}", "output_tokens": "{7: 0.25, 9: 0.75}"}}
)  # fmt: skip
NEED = "year,mw\n0,50\n1,80.5\n2.5,120\n"
ASKED = (
    'ask = "tax"\ntitle = "t"\n[settings]\nenergy = "100 GWh"\nprice = "70 USD/MWh"\nyear = 2026\n'
)
ASKED_TRAIN = 'ask = "train"\n[settings]\non = "h100-sxm"\naccelerators = 100\nhours = 24.0\npue = 1.2\nsamples = 100\n'
ASKED_RULES = 'ask = "rules"\n[settings]\nmw = 75\nplace = "ercot"\n'
KEYS = "# who\nlab sha256:" + "0a" * 32 + "\n\nother.one sha256:" + "1b" * 32 + "\n"
EPW = (
    "LOCATION,Somewhere,-,DEU,TMY,1,50.0,8.0,1.0,100.0\n" + "DESIGN CONDITIONS,0\n" * 6
    + "DATA PERIODS,1,1,Data,Sunday,1/1,12/31\n"
    + "".join(f"2005,1,1,{h},0,?9,{5 + h % 4}.0,1.0,80,101000,0,0,300,0,0,0,0,0,0,0,180,3.0,0,0,20,77777,9,999999999,100,0.1,0,88,0,0,0\n" for h in range(1, 25))
)  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """A reader, the ending of its files, and valid inputs."""

    read: Callable[[Path], Any]
    ending: str
    seeds: tuple[str | bytes, ...]
    weight: float = 1.0
    """How much there is to spoil: share of the inputs it gets, times that of others."""
    ms: float = 0.2
    """What making and reading an input takes, measured 2026-11-30; a dear reader gets fewer. [ms]"""


def _text(module: str, name: str, *more: Any, **options: Any) -> Callable[[Path], Any]:
    """A reader of a path, imported when it is first called."""

    def read(path: Path) -> Any:
        from importlib import import_module

        return getattr(import_module(f"taotie.{module}"), name)(path, *more, **options)

    return read


def _of_text(module: str, name: str, *more: Any) -> Callable[[Path], Any]:
    """A reader of text, fed with what a file holds; bytes that are no text never reach it."""

    def read(path: Path) -> Any:
        from importlib import import_module

        text = path.read_bytes().decode("utf-8", "replace")
        return getattr(import_module(f"taotie.{module}"), name)(text, *more)

    return read


def _quantity(path: Path) -> None:
    from taotie.quantity.quantity_text import parse_quantity

    for text in path.read_bytes().decode("utf-8", "replace").split("\n"):
        value = parse_quantity(text, "MW")
        assert value == value
        assert abs(value) < float("inf")


def _coordinates(path: Path) -> None:
    from taotie.grid.case.case import read_case
    from taotie.grid.picture import bus_coordinates

    bus_coordinates(read_case("case9"), path)


def _hours(path: Path) -> None:
    from taotie.grid.case.case import read_case
    from taotie.grid.case_hours import hours_of

    hours_of(read_case("case9"), str(path))


def _ledger(path: Path) -> None:
    from taotie.metering.ledger import read_ledger

    read_ledger(path)


def _server(path: Path) -> None:
    """What a service that is not trusted answers."""
    from taotie.metering.prometheus import PrometheusClient

    text = path.read_bytes().decode("utf-8", "replace")
    PrometheusClient("http://localhost:9090", fetch=lambda _url: text).recording(0, 100, ["x"])


def _beside(path: Path, folder: Path, where: str) -> Path:
    """A folder as a reader wants it, with the input at its place."""
    place = folder / where
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.hardlink_to(path)
    return folder


def _servegen(path: Path) -> None:
    """A client's windows before the first empty line, its lengths after it."""
    from taotie.workload.trace_servegen import read_servegen

    folder = path.parent / "client"
    folder.mkdir(exist_ok=True)
    windows, _sep, lengths = path.read_bytes().partition(b"\n\n")
    (folder / "chunk-0-trace.csv").write_bytes(windows)
    (folder / "chunk-0-dataset.json").write_bytes(lengths)
    read_servegen(folder)


def _meter_hours(path: Path) -> None:
    from taotie.metering.rollup import read_hours

    read_hours(_beside(path, path.parent / "hours", "date=2024-05-01/hour=00/n.parquet"))


def _need_by_year(path: Path) -> None:
    from taotie.answer.power import power

    power(options=["grid_queue=100"], need_file=path, samples=100, seed=1)


def _supply_load(path: Path) -> None:
    from taotie.answer.supply import load_of

    load_of(path)


def _asked(path: Path) -> None:
    """A study that is one question; any other is the business of `study`, and would be computed for seconds."""
    from taotie.answer.asking import Chosen
    from taotie.answer.study import _asked_in

    _asked_in(path, Chosen({"seed": None, "samples": None}, frozenset()))


def _checked(path: Path) -> None:
    from taotie.answer.study import checked_result

    checked_result(path)


def _form(path: Path) -> None:
    from taotie.answer.asks import function_of

    function_of("disclose")(form="sci", given=["energy=12 kWh @facility"], passthrough=path)


def _form_before(path: Path) -> None:
    from taotie.answer.asks import function_of

    function_of("disclose")(form="sci", given=["energy=12 kWh @facility"], supersedes=path)


def _streamed(path: Path) -> None:
    """A log that is simulated without being held: copied into Parquet first."""
    from taotie.compute.serving.file import parquet_source, text_as_parquet

    made, left_out, said = text_as_parquet(path, path.parent)
    source = parquet_source(made, None, said, left_out)
    source.mean_lengths(1e9)
    for _part in source.parts():
        pass


def _mining(path: Path) -> None:
    from taotie.workload.mining_export import read_series

    if path.suffix == ".csv":
        read_series([path])
        return
    price = path.with_name("price.csv")  # an export of rates alone needs one
    price.write_text("date,price_usd\n" + "".join(f"2024-01-{d:02d},40000\n" for d in range(1, 9)))
    read_series([path, price])


def _on_record(path: Path) -> None:
    """Forecasts whose checksum was made anew: what stands behind it is not believed either."""
    from taotie.answer.on_record import mine_scored
    from taotie.fleet.on_record import _checksum

    series = _sixty_days(path)
    try:
        content = json.loads(path.read_bytes())
        path.write_text(json.dumps({**content, "sha256": _checksum(content)}))
    except (ValueError, TypeError, RecursionError):
        pass
    mine_scored(path, series)


def _sixty_days(path: Path) -> list[Path]:
    place = path.with_name("rates.csv")
    place.write_text("date,hashrate_th_s,price_usd\n" + "".join(f"2024-0{1 + d // 28}-{1 + d % 28:02d},{5e8 + d},40000\n" for d in range(60)))  # fmt: skip
    return [place]


def _keys(path: Path) -> None:
    from taotie.app.api.keys import Keys

    Keys.of_file(path)


def _claims(path: Path) -> None:
    from taotie.audit.claims_file import read_claims

    read_claims(str(path))


_PARQUET: Mapping[str, tuple[str, str]] = {
    "trace_parquet": (TRACE, "*"),
    "demand_parquet": (DEMAND, "*"),
    "meter_hours": (
        "a\n1\n2\n",
        "1714521600000000000 + a as start_ns, 'gpu0' as channel, 1714525200000000000 as end_ns, 3600000000::bigint as energy_uj, null::bigint as"
        " low_uj, 3700000000::bigint as high_uj, 0 as wraps, 0 as resets, 0::bigint as gap_ns, 60 as n, 'device' as boundary, 'counter' as quality",
    ),
}  # fmt: skip


def _to_parquet(rows: str, columns: str, path: Path) -> None:
    import duckdb

    table = path.with_name("rows.csv")
    table.write_text(rows)
    with duckdb.connect() as database:
        database.execute(f"copy (select {columns} from read_csv('{table}')) to '{path}' (format parquet)")  # fmt: skip


@lru_cache
def made_seeds(name: str) -> list[bytes]:
    """Valid inputs that only taotie itself can write."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        if name == "ledger":
            from taotie.metering.ledger import Ledger

            with Ledger(path):
                pass
        elif name == "result":
            from taotie.study.read import read_study
            from taotie.study.run import run_study

            path.write_text(STUDY.split("[grid]")[0])
            path.write_bytes(run_study(read_study(path)).to_json())
        elif name == "label":
            from taotie.answer.label import energy_label

            path.write_text(json.dumps(energy_label("llama-3-1-8b", samples=100).detail))
        elif name == "frozen":
            from taotie.compute.fit.frozen_predictions import frozen, setups_on_record

            path.write_text(json.dumps(frozen(setups_on_record()[:3])))
        elif name == "result_asked":
            from taotie.answer.asks import function_of

            path.write_text(ASKED)
            path.write_text(json.dumps(function_of("run")(study=path).to_dict()))
        elif name == "form_before":
            from taotie.answer.asks import function_of

            path.write_text(json.dumps(function_of("disclose")(form="sci", given=["energy=12 kWh @facility"]).detail.to_dict()))  # fmt: skip
        elif name == "on_record":
            from taotie.answer.on_record import mine_frozen

            mine_frozen(path, _sixty_days(path))
        elif name == "trace_packed":
            import gzip

            path.write_bytes(gzip.compress(TRACE.encode(), mtime=0))
        elif name == "case_mat":
            import numpy as np
            from scipy.io import savemat

            from taotie.grid.case.case import read_case

            case = read_case("case9")
            tables = {k: np.asarray(getattr(case, k)) for k in ("bus", "gen", "branch")}
            savemat(path, {"mpc": {"version": "2", "baseMVA": 100.0, **tables}}, appendmat=False)
        else:
            _to_parquet(*_PARQUET[name], path)
        return [path.read_bytes()]


READERS: Mapping[str, Reader] = {
    "study": Reader(_text("study.read", "read_study"), ".toml", (STUDY,), 2),
    "result": Reader(_text("study.result_file", "check_result"), ".json", (), 0.2, ms=1.6),
    "result_small": Reader(_text("study.result_file", "check_result"), ".json", (RESULT,), 2),
    "asked": Reader(_asked, ".toml", (ASKED, ASKED_TRAIN, ASKED_RULES), 2),
    "result_asked": Reader(_checked, ".json", ()),
    "scenario": Reader(_text("fleet.scenario", "read_scenario"), ".toml", (SCENARIO,)),
    "calibration": Reader(_text("compute.metered.calibration", "read_calibration"), ".toml", (CALIBRATION,)),
    "claims": Reader(_claims, ".toml", (CLAIMS,)),
    "config": Reader(_text("compute.energy.model_config", "read_model_config"), ".json", (CONFIG,), 2),
    "case": Reader(_text("grid.case.case", "read_case"), ".m", (CASE,), 2),
    "case_mat": Reader(_text("grid.case.case", "read_case"), ".mat", (), 0.5),
    "case_json": Reader(_text("grid.case.case", "read_case"), ".json", ('{"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": {"bus": {}}}',), 0.5),
    "trace": Reader(_text("workload.trace", "read_trace"), ".csv", (TRACE,), 2),
    "trace_lines": Reader(_text("workload.trace", "read_trace"), ".jsonl", (MOONCAKE,), 2),
    "trace_unnamed": Reader(_text("workload.trace", "read_trace"), "", (TRACE, MOONCAKE, CONVERSATIONS)),
    "trace_parquet": Reader(_text("workload.trace", "read_trace"), ".parquet", (), 0.5, ms=16),
    "trace_streamed": Reader(_streamed, ".csv", (TRACE,), 0.5, ms=16),
    "trace_packed": Reader(_text("workload.trace", "read_trace"), ".csv.gz", ()),
    "servegen": Reader(_servegen, ".client", (SERVEGEN,)),
    "conversations": Reader(_text("workload.trace_servegen", "read_conversations"), ".json", (CONVERSATIONS,)),
    "served_log": Reader(_text("workload.served", "read_served_log"), ".csv", (SERVED,), 2),
    "served_lines": Reader(_text("workload.served", "read_served_log"), ".jsonl", (SERVED_LINES, MOONCAKE), 2),
    "meter": Reader(_text("metering.import_file", "read_meter_file"), ".txt", (METER, OTLP, PROMETHEUS, REDFISH, EXPOSITION, CODECARBON, ZEUS, SLURM), 4),
    "usage": Reader(_text("metering.usage_export", "read_usage"), ".json", (USAGE, AGENT), 2),
    "usage_lines": Reader(_text("metering.usage_export", "read_usage"), ".jsonl", (AGENT, CODEX), 2),
    "ledger": Reader(_ledger, ".ledger", (), 0.5, ms=0.5),
    "meter_hours": Reader(_meter_hours, ".parquet", (), 0.5, ms=16),
    "prometheus": Reader(_server, ".json", (PROMETHEUS,)),
    "demand": Reader(_text("grid.demand_series", "read_hourly_demand"), ".csv", (DEMAND,)),
    "demand_eia": Reader(_text("grid.demand_series", "read_hourly_demand"), ".csv", (DEMAND_EIA,)),
    "demand_parquet": Reader(_text("grid.demand_series", "read_hourly_demand"), ".parquet", (), 0.5, ms=16),
    "need_by_year": Reader(_need_by_year, ".csv", (NEED,)),
    "supply_load": Reader(_supply_load, ".json", (RESULT,)),
    "series": Reader(_text("grid.supply.series", "read_series"), ".csv", (SERIES,)),
    "weather_profiles": Reader(_text("grid.supply.weather_profiles", "read_weather_profiles", 50.0), ".csv", (WEATHER,)),
    "weather": Reader(_text("facility.weather_file", "read_weather"), ".csv", (HOURS,)),
    "epw": Reader(_text("facility.weather_file", "read_weather"), ".epw", (EPW,)),
    "waveform": Reader(_text("facility.swings", "read_waveform"), ".csv", (WAVE,)),
    "bands": Reader(_text("facility.swings", "read_bands"), ".csv", (BANDS,)),
    "stock": Reader(_text("fleet.stock", "read_stock"), ".csv", (STOCK,)),
    "mining": Reader(_text("workload.mining", "read_hash_rates"), ".csv", (MINING,)),
    "mining_export": Reader(_mining, ".csv", (MINING, "time,HashRate,PriceUSD,RevUSD\n2024-01-01,500,40000,4e7\n2024-01-02,510,41000,4.1e7\n")),
    "mining_json": Reader(_mining, ".json", (MEMPOOL, BLOCKCHAIN)),
    "on_record": Reader(_on_record, ".json", ()),
    "miners": Reader(_text("compute.mining_energy", "read_miners"), ".csv", (MINERS,)),
    "room": Reader(_text("grid.flexibility", "read_room"), ".csv", (ROOM,)),
    "leaderboard": Reader(_text("policy.disclosure.rating", "read_leaderboard"), ".csv", (BOARD,)),
    "facts": Reader(_text("policy.disclosure.facts", "read_facts"), ".json", (RESULT, WAVE)),
    "label": Reader(_text("answer.label", "check_label"), ".json", (), 0.2, ms=0.4),
    "form": Reader(_form, ".json", ('{"hardware": {"value": 1.5, "unit": "kg"}}',)),
    "form_before": Reader(_form_before, ".json", ()),
    "keys": Reader(_keys, ".txt", (KEYS,)),
    "factors": Reader(_text("study.metered_cost", "read_hour_factors"), ".csv", (FACTORS,)),
    "coordinates": Reader(_coordinates, ".csv", (COORDINATES,), 0.5, ms=0.9),
    "area_hours": Reader(_hours, ".csv", (AREA,), 0.5, ms=0.9),
    "measured": Reader(_text("compute.energy.measured_table", "read_table"), ".csv", (SERVED,)),
    "frozen": Reader(_text("compute.fit.frozen_predictions", "read_frozen"), ".json", (), 0.2),
    "article": Reader(_of_text("audit.article_text", "audit_text"), ".txt", SENTENCES, 0.1, ms=8),
    "article_file": Reader(lambda path: _text("audit.article_text", "article_source")(str(path)), ".html", ("<html><p>2.9 Wh</p></html>", *SENTENCES)),
    "quantity": Reader(_quantity, ".txt", ("150 MW", "1,5 GW", "1.5e3 kW", "2 TWh/a", "150兆瓦", "0.5 MW", "2e2 MW"), 6),
    "fact": Reader(_of_text("policy.disclosure.facts", "given_fact"), ".txt", ("energy=12.5 MWh", "pue=1.2"), 2),
}  # fmt: skip
