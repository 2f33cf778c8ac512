"""Which settings are there? One entry each: type, unit, limits, label, default with reason and source.

Study files, command-line options, bodies of the REST interface, rows of "defaults used" and sweeps come from this
table. Asks name the settings they take in `answer/asks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taotie.study.kinds import ITEMS, KINDS, LIVE, OF_REQUESTS, TOKENS
from taotie.study.setting import Setting
from taotie.study.settings_grid import GRID
from taotie.study.settings_meter import METER
from taotie.study.settings_reader import READER
from taotie.study.settings_supply import SUPPLY
from taotie.study.settings_workload import WORKLOAD
from taotie.words.language import N_

__all__ = ["SETTINGS", "SETTINGS_OF", "STUDY_FIGURES", "Setting", "setting"]


@dataclass(frozen=True)
class StudyFigure:
    """A figure a study file may give: the unit of a bare number, limits, and for which workloads it is read."""

    key: str
    label: str
    unit: str
    low: float
    high: float
    hint: str = ""
    bounded: bool = False
    """A hard end is nearby: a bare low..high means the ends, not a 90 % range."""
    kinds: tuple[str, ...] = ()
    """Kinds of workload that read it; empty for all."""
    counted: tuple[str, ...] = ()
    """What its unit counts without saying so."""


STUDY_FIGURES: dict[str, StudyFigure] = {
    one.key: one
    for one in (
        StudyFigure("workload.requests_per_day", N_("Requests a day"), "request/d", 0.0, 1e15, kinds=tuple(k for k in OF_REQUESTS if k != "agents")),
        StudyFigure("workload.prompt_tokens", N_("Mean prompt"), "token/request", 1.0, 1e7, kinds=TOKENS),
        StudyFigure("workload.output_tokens", N_("Mean answer"), "token/request", 1.0, 1e7, kinds=TOKENS),
        StudyFigure("workload.accelerators", N_("Accelerators installed"), "accelerator", 1.0, 1e9, kinds=("campus", "training")),
        StudyFigure("workload.power", N_("Connection of the campus"), "MW", 1e-6, 1e6, kinds=("campus", "mining")),
        StudyFigure("workload.training_share", N_("Share of the accelerators that train"), "1", 0.0, 1.0, bounded=True, kinds=("campus",)),
        StudyFigure("workload.load_factor", N_("Mean draw over highest measured draw"), "1", 0.0, 1.0, bounded=True, kinds=("campus",)),
        StudyFigure("compute.utilization", N_("Utilization at the busiest hour"), "1", 0.01, 1.0, bounded=True, kinds=(*LIVE, *ITEMS)),
        StudyFigure("workload.thought_tokens", N_("Mean tokens of thought"), "token/request", 0.0, 1e7, kinds=("reasoning",)),
        StudyFigure("workload.thought_multiplier", N_("Tokens written over tokens shown"), "1", 1.0, 1e4, kinds=("reasoning",)),
        StudyFigure("workload.sessions_per_day", N_("Sessions a day"), "1/d", 0.0, 1e13, kinds=("agents",), counted=("session", "conversation", "task")),
        StudyFigure("workload.turns_per_session", N_("Turns of a session"), "1", 1.0, 1e6, kinds=("agents",), counted=("turn", "session")),
        StudyFigure("workload.tool_calls_per_turn", N_("Calls of tools a turn"), "1", 0.0, 1e6, kinds=("agents",), counted=("call", "turn")),
        StudyFigure("workload.cached_share", N_("Share of the prompt that is cached"), "1", 0.0, 0.9999, bounded=True, kinds=("agents",)),
        StudyFigure("workload.days", N_("Days of the run"), "d", 1e-6, 1e5, kinds=("training",)),
        StudyFigure("workload.computation", N_("Operations of the run"), "FLOP", 1.0, 1e40, kinds=("training",)),
        StudyFigure("workload.parameters", N_("Active parameters of the model"), "parameter", 1.0, 1e16, kinds=("training",)),
        StudyFigure("workload.training_tokens", N_("Tokens seen in training"), "token", 1.0, 1e18, kinds=("training",)),
        StudyFigure("workload.mfu", N_("Share of the peak reached"), "1", 1e-4, 1.0, bounded=True, kinds=("training",)),
        StudyFigure("workload.hash_rate", N_("Hash rate"), "TH/s", 1e-6, 1e14, kinds=("mining",)),
        StudyFigure("workload.efficiency", N_("Energy of a million million hashes"), "J/TH", 0.01, 1e9, kinds=("mining",)),
        StudyFigure("facility.pue", N_("PUE: facility over IT energy"), "1", 1.0, 10.0, hint="pue", bounded=True),
        StudyFigure("facility.wue", N_("Water at the site per IT energy"), "L/kWh", 0.0, 50.0),
        StudyFigure("grid.market_intensity", N_("Market-based intensity"), "gCO2e/kWh", 0.0, 3000.0),
        StudyFigure("grid.network_loss", N_("Network losses"), "1", 0.0, 0.5, bounded=True),
        StudyFigure("grid.carbon_intensity", N_("Average carbon intensity of generation"), "gCO2e/kWh", 0.0, 3000.0),
        StudyFigure("policy.electricity_price", N_("Price of electricity"), "USD/kWh", 0.0, 10.0),
    )
}  # fmt: skip
"""Figures of a study file by ``table.key``."""

STUDY_NAMES: dict[str, tuple[str, ...]] = {
    "workload.trace": ("chat",),
    "workload.daily_shape": (*LIVE, *ITEMS, "mix", "campus"),
    "workload.load": ("campus",),
    "workload.parts": ("mix",),
    "workload.height": ("picture", "film"),
    "workload.width": ("picture", "film"),
    "workload.steps": ("picture", "film"),
    "workload.frames": ("film",),
    "workload.encoder_parameters": ("embedding",),
    "workload.encoder_layers": ("embedding",),
    "workload.input_tokens": ("embedding",),
    "workload.failures": ("training",),
    "compute.model": (*TOKENS, "picture", "film", "training", "mix"),
    "compute.accelerator": tuple(k for k in KINDS if k != "mining"),
    "compute.accelerators_per_replica": (*TOKENS, *ITEMS, "mix"),
    "compute.precision": (*TOKENS, "mix"),
    "compute.runtime": (*TOKENS, "picture", "film", "mix"),
    "compute.software_date": (*TOKENS, "mix"),
    "compute.data_parallel": (*TOKENS, "mix"),
    "compute.expert_parallel": (*TOKENS, "mix"),
    "compute.draft": (*TOKENS, "mix"),
    "compute.draft_model": (*TOKENS, "mix"),
    "compute.acceptance": (*TOKENS, "mix"),
    "compute.prefill_on": (*TOKENS, "mix"),
    "compute.prefill_replicas": (*TOKENS, "mix"),
    "compute.batch_size": (*LIVE, *ITEMS),
    "compute.slo": (*LIVE, "mix"),
    "compute.serving": (*LIVE, "mix"),
    "compute.redundancy": (*LIVE, *ITEMS, "mix"),
    "compute.calibrate": (*TOKENS, "mix"),
}
"""Other keys of a study file that not every kind of workload reads, by ``table.key``."""

# below 1 the room says what is meant
PUE = Setting("pue", "number", N_("PUE of the building."), "1", high=10.0)
_MODEL = Setting(
    "model", "text", N_("A model: its name, config.json, or size such as 7B."), default="llama-3.1-70b", options=("--model", "-m"), may_be_file=True,
    known="taotie.compute.energy.model_architecture.model_architectures",
)  # fmt: skip
_ON = Setting(
    "on", "text", N_("Accelerators, such as h100-sxm:8."), default="h100-sxm",
    known="taotie.hardware.accelerator.accelerators",
)  # fmt: skip

_TABLE = (
    _MODEL,
    _ON,
    PUE,
    Setting("accelerators", "number", N_("How many accelerators."), "1", 1, 1e9, options=("--accelerators", "-n")),
    Setting("tokens_in", "number", N_("Tokens of the prompt."), "token", 0, 1e8, default=300.0, reason=N_("a short question with its context"), old=("--in",)),
    Setting("tokens_out", "number", N_("Tokens of the answer."), "token", 1, 1e8, default=500.0, reason=N_("an answer of about 375 words"), old=("--out",)),
    Setting("batch", "number", N_("Requests decoded together; default: unknown."), "1", 1, 1e6, options=("--batch", "-b")),
    Setting("precision", "text", N_("bf16, fp8, mxfp4, int4 ...; default: as released.")),
    Setting("runtime", "text", N_("Serving engine (vllm, sglang, tensorrt-llm) or a generation of one (vllm-0.5)."), default="vllm-0.11", reason=N_("the engine whose energy is measured best"), options=("--runtime", "--engine")),
    Setting("software_date", "text", N_("Day the serving software is of, such as 2026-05-20."), default=""),
    Setting("data_parallel", "whole", N_("Groups of a replica's accelerators with attention of their own."), low=1, high=4096, default=1),
    Setting("prefill_on", "text", N_("Accelerators that only read prompts, such as h100-sxm:4; the others then only write."), known="taotie.hardware.accelerator.accelerators"),
    Setting("expert_parallel", "whole", N_("Accelerators that whole experts are spread over; 1 cuts each, 0 is all."), low=0, high=4096, default=0),
    Setting("calibrate", "file", N_("Calibration of your own machine, kept by taotie meter report --calibrate.")),
    Setting("prefix_hit", "number", N_("Share of the prompt found in a prefix cache."), "1", 0, 0.999999, default=0.0),
    Setting("region", "text", N_("Where: a country, state, province, grid or cloud region, such as Virginia, DEU, PJM, aws:us-east-1."), options=("--region", "--place"), known="taotie.grid.region_names.place_keys"),
    Setting("hour", "number", N_("Hour of the day there, 0 to 23, standard time; default: the mean of the year."), "h"),
    Setting("market_intensity", "number", N_("Market-based intensity of your contracts, shown beside the location-based."), "gCO2e/kWh", 0, 3000),
    Setting("wue", "number", N_("Water at the site per IT energy."), "L/kWh", 0, 50),
    Setting("price_in", "number", N_("List price of a closed model's prompt, USD per million tokens."), "USD/Mtoken", 0, 1e5),
    Setting("price_out", "number", N_("List price of its answer, USD per million tokens."), "USD/Mtoken", 0, 1e5),
    Setting("active", "number", N_("Parameters of a closed model that a token uses, if you know them."), "parameter", 1e6, 1e15),
    Setting("total", "number", N_("All its parameters, if you know them."), "parameter", 1e6, 1e15),
    Setting("provider", "text", N_("Who serves a closed model: OpenAI, Anthropic, Google ...: decides the chips assumed.")),
    Setting("claimed", "number", N_("An energy somebody claims for this request: held against its price."), "Wh", 0, 1e9),
    Setting("brief", "flag", N_("The figures alone: no curve by batch, no drivers, no tree of the calculation."), default=False),
    Setting("electricity_price", "number", N_("What the site pays for electricity."), "USD/kWh", 0, 10),
    Setting("samples", "whole", N_("Number of samples of each figure."), low=100, high=2_000_000, default=10_000),
    Setting("seed", "whole", N_("Seed of the samples."), low=0, high=2**63 - 1, default=20240409),
    # many people
    Setting("words", "number", N_("Words of the prompt, instead of its tokens."), "1", 0, 1e7),
    Setting("kind", "choice", N_("What is asked, which says how long an answer is: question, search, summary, letter, program, reasoning."), choices=("question", "search", "summary", "letter", "program", "reasoning")),
    Setting("people", "number", N_("How many people."), "1", 0, 1e11, default=1e6, reason=N_("a million, to be multiplied in the head")),
    Setting("per_person", "number", N_("Requests of one person a day."), "1", 0, 1e6, default=10.0, reason=N_("an assumption; nobody publishes it")),
    # training
    Setting("hours", "number", N_("How long they ran."), "h", 0),
    Setting("days", "number", N_("The same in days."), "d", 0),
    Setting("flop", "number", N_("Operations of the run, such as 3.14e23."), "1", 0),
    Setting("params", "text", N_("Parameters, saying which: active=37e9, dense=70e9, total=671e9, or both.")),
    Setting("tokens", "number", N_("Tokens seen, such as 15e12."), "1", 0),
    Setting("mfu", "number", N_("Share of the peak reached, within 0..1."), "1", 0, 1),
    Setting("watts", "number", N_("Mean draw of a server per accelerator, W."), "W", 0),
    Setting("failures", "flag", N_("Add failures, checkpoints and idle machines."), default=True, options=("--failures/--no-failures",)),
    Setting("break_even", "number", N_("Electricity of the service that answers with the model, at the meter, such as 564 MWh/d: after how many days it has used as much as training."), "MWh/d", 0, unit_needed=True),
    # mining
    Setting("date", "text", N_("The day; default: the last of the series.")),
    Setting("price", "number", N_("What miners pay for power, USD/kWh."), "USD/kWh", 0, 10, default=0.05, reason=N_("what the Cambridge index assumes"), source="ccaf_cbeci"),
    Setting("series", "files", N_("CSV: date, hashrate_th_s, price_usd; or exports of Coin Metrics, blockchain.com, mempool.space; may be given again.")),
    Setting("machines", "files", N_("CSV: name, released, efficiency_j_per_gh; may be given again.")),
    Setting("weights", "choice", N_("age (since August 2023) or equal (before)."), default="age", choices=("age", "equal")),
    # fleet
    Setting("to", "whole", N_("Last year; default 2035."), high=2100),
    Setting("scenario", "file", N_("A file that changes assumptions.")),
    Setting("country", "text", N_("Compare with this country's or state's electricity."), default="united_states", reason=N_("where most AI servers stood in 2024")),
    Setting("of", "text", N_("Denominator of the share, such as net_generation_2023.")),
    Setting("scope", "choice", N_("What is counted: chips at rated power, servers, or servers with their buildings."), default="ai_facilities", choices=("ai_facilities", "ai_servers", "ai_chips_rated")),
    Setting("power", "text", N_("Ways to get power, such as gas_engine=40x100,grid_queue=200x500 (number x MW).")),
    # study
    Setting("study", "file", N_("A study file, such as studies/chat_service.toml."), first=True),
    Setting("threads", "whole", N_("Threads; results do not depend on it."), low=1, high=64),
    # simulation
    Setting("trace", "text", N_("A log (.csv, .jsonl, .parquet, a ServeGen folder), a published one by name, `chat` or `conversations`."), first=True, may_be_file=True),
    Setting("replicas", "text", N_("How many, or auto: as few as keep what users are promised."), default="auto"),
    Setting("slo", "text", N_("What users are promised: ttft=1s,tpot=50ms,share=99%."), default=""),
    Setting("routing", "choice", N_("round-robin, random, two-choices, least-outstanding or prefix-aware."), default="least-outstanding", choices=("round-robin", "random", "two-choices", "least-outstanding", "prefix-aware")),
    Setting("max_batch", "whole", N_("Most requests a replica runs at once."), low=1, high=1_000_000, default=256),
    Setting("token_budget", "whole", N_("Most tokens of one iteration."), low=1, high=100_000_000, default=2048),
    Setting("chunked", "flag", N_("Read prompts in chunks or whole."), default=True, options=("--chunked/--whole",)),
    Setting("prefix_cache", "whole", N_("Prompt tokens each replica remembers."), low=0, high=10**12, default=0),
    Setting("prefix_in_pages", "flag", N_("Prompts that were read stay in the KV pages until pages run short."), default=False),
    Setting("prefix_margin", "whole", N_("prefix-aware: requests a replica may be ahead of the least busy one."), low=0, high=10**9, default=8),
    Setting("load_report", "number", N_("Seconds between the router's reports of load; 0: always fresh."), "s", 0, default=0.0),
    Setting("draft", "whole", N_("Tokens drafted per step (speculative)."), low=0, high=32, default=0),
    Setting("draft_model", "text", N_("Model that drafts, such as llama-3.2-1b; default: one layer of the model itself (multi-token prediction)."), may_be_file=True, known="taotie.compute.energy.model_architecture.model_architectures"),
    Setting("acceptance", "number", N_("Chance that a drafted token is accepted."), "1", 0, 1, default=0.7, reason=N_("the share usually accepted of a draft"), beside="draft"),
    Setting("pipeline", "whole", N_("Pipeline stages of a replica."), low=1, high=1024, default=1),
    Setting("prefill_replicas", "whole", N_("Replicas that only read prompts; the others write."), low=0, high=10**8, default=0),
    Setting("least_replicas", "whole", N_("Start and stop replicas, keeping at least this many on."), low=1, high=10**8),
    Setting("startup", "number", N_("Seconds until a started replica takes requests."), "s", 0, default=120.0),
    Setting("rate_scale", "number", N_("Multiply the requests per second by this."), "1", default=1.0),
    Setting("scale_by", "choice", N_("How: time (the same requests in less time), copies (more users; below 1 fewer) or thinning (fewer users)."), default="time", choices=("time", "copies", "thinning")),
    Setting("format", "text", N_("Layout of the log; auto: by its columns."), default="auto"),
    Setting("columns", "text", N_("Columns of your own log: time=created_at,prompt=n_in,output=n_out.")),
    Setting("time_unit", "choice", N_("Unit of the log's times."), choices=("s", "ms", "us", "ns")),
    Setting("only", "texts", N_("Rows of a log with this value, such as 'Model=GPT-4'; may be repeated.")),
    Setting("strict", "flag", N_("Refuse columns that no layout knows."), default=False),
    Setting("session_prefix", "flag", N_("Assume that each turn of a log's conversations repeats what was said."), default=False),
    Setting("per_day", "number", N_("Requests a day, for `chat`, `conversations` and ServeGen."), "request/d", 0),
    Setting("start_hour", "number", N_("First hour: of the day, of the week with --weekend, or of the log."), "h", 0, default=0.0),
    Setting("sampled_hours", "number", N_("Hours of requests: a day if sampled, else the whole log."), "h", 0, options=("--hours",)),
    Setting("interval_cv", "number", N_("Variation of sampled intervals: 1 for independent users, above 1 bursts."), "1", default=1.0),
    Setting("day", "text", N_("Course of a sampled day: chat (built in) or flat."), default="chat"),
    Setting("weekend", "number", N_("Requests of a weekend day over those of another day."), "1"),
    Setting("mean_prompt", "number", N_("Mean prompt tokens of `chat`, or new tokens of a turn."), "token"),
    Setting("mean_answer", "number", N_("Mean answer tokens of sampled requests."), "token"),
    Setting("turns", "number", N_("Mean turns of `conversations`."), "1"),
    Setting("think", "number", N_("Median seconds from turn to turn of `conversations`."), "s"),
    Setting("system_prompt", "whole", N_("Tokens all conversations begin with."), low=0, high=10**8),
    Setting("bin", "number", N_("Seconds per power value."), "s", default=60.0),
    Setting("requests_out", "file", N_("Write every request to this .csv or .parquet file."), local=True),
    Setting("power_out", "file", N_("Write power over time to this .csv or .parquet file."), local=True),
    Setting("stream", "flag", N_("Read a log, or draw a sample, of any length in parts: the same answer in little memory, its columns in files."), default=False),
    Setting("sweep", "texts", N_("Vary a setting, such as rate=1,2,4; may be repeated.")),
    Setting("processes", "whole", N_("Processes of a sweep."), low=1, high=64, default=1),
    Setting("cluster", "text", N_("Run a sweep on the Dask scheduler at this address."), default="", local=True),
    Setting("curve", "flag", N_("Simulate other fleets too: the cost of the promise."), default=False),
)  # fmt: skip

SETTINGS_OF: dict[str, tuple[Setting, ...]] = {**GRID, **SUPPLY, **READER, **METER, **WORKLOAD}
"""Settings that one ask alone takes, by ask."""
SETTINGS: dict[str, Setting] = {
    **{one.name: one for one in _TABLE},
    **{f"{ask}.{one.name}": one for ask, every in SETTINGS_OF.items() for one in every},
}
"""Settings of the asks by name; those of one ask alone as ``ask.name``."""


def setting(name: str, **changes: Any) -> Setting:
    """An entry of the table, or that entry as one ask takes it."""
    found = SETTINGS[name]
    return found.but(**changes) if changes else found
