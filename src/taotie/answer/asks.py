"""Which questions are there, and which settings does each take? Declared without importing what answers them.

Commands, routes and the flat names of `import taotie` come from this table. To add a question: an entry here, and a
function `@ask(NAME)` in the module it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from taotie.study.settings import SETTINGS, Setting, setting
from taotie.words.language import N_

__all__ = ["ASKS", "Declared", "function_of"]


@dataclass(frozen=True)
class Declared:
    """One question: where it is answered, what it tells, its settings by name, whether it draws samples."""

    name: str
    module: str
    help: str
    settings: Mapping[str, Setting]
    samples: bool = True


def _declared(
    name: str, help: str, *settings: str | Setting, samples: bool = True, module: str = ""
) -> Declared:
    more = ("samples", "seed") if samples else ()
    every = [SETTINGS[s] if isinstance(s, str) else s for s in (*settings, *more)]
    return Declared(
        name, f"taotie.answer.{module or name}", help, {s.name: s for s in every}, samples
    )


ASKS: dict[str, Declared] = {
    one.name: one
    for one in (
        _declared(
            "run",
            N_("Follow a workload from its requests to the grid; writes report.html and result.json."),
            "study", "threads",
            setting("seed", default=None), setting("samples", default=None),
            samples=False, module="study",
        ),
        _declared(
            "prompt",
            N_("Energy of one request on given machines."),
            setting("model", first=True, reason=N_("a model of usual size whose weights are published")),
            "tokens_in", "tokens_out",
            setting("on", reason=N_("the accelerator most delivered in 2023 and 2024")),
            "batch", "precision", "runtime", "pue", "software_date", "data_parallel", "expert_parallel",
            "draft", "acceptance", "prefix_hit", "region", "hour", "market_intensity", "wue",
            "electricity_price",
        ),
        _declared(
            "simulate",
            N_("A request log on a fleet of accelerators: latency, energy of each request, power."),
            "trace", "model",
            setting("on", help=N_("Accelerators of a replica, such as 8xh100.")),
            "replicas", "slo", "precision", "runtime", "routing", "max_batch", "token_budget",
            "chunked", "prefix_cache", "prefix_in_pages", "prefix_margin", "load_report", "draft",
            "acceptance", "pipeline", "prefill_replicas", "least_replicas", "startup",
            "rate_scale", "scale_by", "format", "columns", "time_unit", "only", "strict",
            "session_prefix", "per_day", "start_hour", "sampled_hours", "interval_cv", "day",
            "weekend", "mean_prompt", "mean_answer", "turns", "think", "system_prompt", "bin",
            "requests_out", "power_out", "sweep", "processes", "cluster", "stream", "curve",
            setting("threads", default=1), setting("seed", default=0),
            samples=False,
        ),
        _declared(
            "train",
            N_("Energy, time and emissions of a training run."),
            setting("on", help=N_("Which accelerator."), reason=N_("the accelerator most delivered in 2023 and 2024")),
            "accelerators", "hours", "days", "flop", "params", "tokens", "mfu", "pue", "watts",
            setting("region", default="WORLD", reason=N_("no place is given: the world's average generation")),
            "failures",
        ),
        _declared(
            "mine",
            N_("Electricity of Bitcoin mining on a day, after the Cambridge index."),
            "date", "price", "series", "machines", "weights",
            samples=False,
        ),
        _declared(
            "fleet",
            N_("Power and electricity of the world's AI fleet by year, beside what others print."),
            "to", "scenario", "country", "of", "power",
        ),
    )
}  # fmt: skip
"""By name, in the order of the chain."""


def function_of(name: str) -> Callable[..., Any]:
    """The public function of a question: settings in, an `Answer` out."""
    return getattr(import_module(ASKS[name].module), name)
