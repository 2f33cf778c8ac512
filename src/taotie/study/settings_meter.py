"""Which settings do meters, logs of use, and predictions beside measurement take?"""

from __future__ import annotations

from taotie.study.setting import Setting
from taotie.words.language import N_

__all__ = ["METER"]

_FILES = Setting(
    "files", "files", N_("Logs of meters; default: the ledger."), first=True, python="paths"
)
_LEDGER = Setting(
    "ledger",
    "file",
    N_("The ledger, one file."),
    default="taotie-meter.db",
    options=("--ledger", "-l"),
)
_LAYOUT = Setting("layout", "text", N_("Layout of the files, if not recognised."), default="auto")
_MEASURED = Setting("file", "file", N_("CSV of measured runs."), first=True, required=True)

METER: dict[str, tuple[Setting, ...]] = {
    "meter show": (_LEDGER.but(python="path"),),
    "meter import": (
        _FILES.but(help=N_("Files, folders of /metrics pages, or the address of a Prometheus."), required=True),
        _LAYOUT,
        Setting("boundary", "text", N_("Where the meters of a table sit: device, module, package, board, wall."), default="device"),
        Setting("measured", "flag", N_("CodeCarbon: counters were behind it."), default=False),
        Setting("into", "file", N_("Keep the readings in this ledger.")),
    ),
    "meter report": (
        _FILES,
        Setting("requests", "file", N_("Log of the requests served."), options=("--requests", "-r")),
        Setting("metrics", "file", N_("Folder of the serving engine's /metrics pages, one a scrape.")),
        _LEDGER,
        _LAYOUT,
        Setting("boundary", "text", N_("Which meters to take.")),
        Setting("columns", "texts", N_("Names in the request log: start=created_at,prompt=n_in,output=n_out"), mapping=True),
        Setting("time_unit", "text", N_("Of times that are numbers: s, ms, us, ns."), default=""),
        Setting("requests_from", "text", N_("When the first request came, where its times start at zero."), default=""),
        Setting("groups", "texts", N_("Which devices serve a model: llama=GPU-1+GPU-2"), options=("--group",), mapping=True),
        Setting("idle_w", "number", N_("Draw while waiting, W; default: measured in quiet times."), "W"),
        Setting("model", "text", N_("Which model is served."), default="", options=("--model", "-m"), may_be_file=True),
        Setting("on", "text", N_("Which accelerator."), default=""),
        Setting("accelerators", "whole", N_("Accelerators of one copy."), low=1, options=("--accelerators", "-n")),
        Setting("precision", "text", N_("Precision of the weights."), default="bf16"),
        Setting("factors", "file", N_("CSV by hour: carbon, PUE, price, water.")),
        Setting("region", "text", N_("Whose grid, where there are no hours."), default=""),
        Setting("pue", "number", N_("PUE of the building."), "1"),
        Setting("price", "number", N_("Price of a kWh."), "1"),
        Setting("wue", "number", N_("Water of the site, L per kWh of IT."), "L/kWh"),
        Setting("server_factor", "number", N_("Server over accelerators, where only these are metered."), "1"),
        Setting("calibrate", "file", N_("Keep measured over predicted as this machine's calibration.")),
    ),
    "meter usage": (
        _FILES.but(help=N_("Exports of OpenAI, Anthropic, Google, LiteLLM, Langfuse, Helicone, OpenRouter; transcripts."), python="places", default=()),
        Setting("claude_code", "flag", N_("Read Claude Code's transcripts."), default=False, local=True),
        Setting("codex", "flag", N_("Read Codex's transcripts."), default=False, local=True),
        Setting("program", "file", N_("Run this Python program and watch its OpenAI and Anthropic clients."), local=True),
        Setting("arguments", "texts", N_("With --program: an argument of its own; may be repeated."), options=("--argument",), default=()),
        Setting("region", "text", N_("Whose grid, such as USA or PJM."), default="WORLD", reason=N_("no place is given: the world's average generation")),
        Setting("seed", "whole", N_("Seed of the samples."), low=0, high=2**63 - 1, default=0),
    ),
    "validate serving": (
        _MEASURED,
        Setting("against", "file", N_("Score predictions on record instead of new ones.")),
    ),
    "validate mlenergy": (
        _MEASURED,
        Setting("no_batch", "flag", N_("Do not use the measured batch."), default=False),
        Setting("fit_on", "file", N_("Refit the coefficients on this table first.")),
        Setting("leave_one_family_out", "flag", N_("Predict each model family with coefficients fitted without it."), default=False),
        Setting("runtime", "text", N_("Generation of the serving software; default: from the columns."), default=""),
        Setting("against", "file", N_("Score predictions on record instead of new ones.")),
    ),
    "predict": (
        Setting("setups", "file", N_("CSV of set-ups, columns of InferenceX or ML.ENERGY; default: 300 set-ups on 12 chips."), first=True),
    ),
    "calibrate": (
        Setting("folder", "file", N_("Folder that holds mlenergy_v1, mlenergy_v2, mlenergy_v3."), first=True, required=True),
        Setting("output", "file", N_("Coefficient file to write; default: the installed one."), options=("--write", "-o"), old=("--output",)),
    ),
}  # fmt: skip
"""Settings by question."""
