"""Which questions are there, and which settings does each take? Declared without importing what answers them.

Commands, routes and the flat names of `import taotie` come from this table. To add a question: an entry here, and a
function `@ask(NAME)` in the module it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from taotie.errors import UnknownNameError, nearest
from taotie.files.extras import require
from taotie.study.settings import SETTINGS, SETTINGS_OF, Setting, setting
from taotie.words.language import N_, _

__all__ = ["ASKS", "Declared", "Setting", "declared_of", "function_of"]


@dataclass(frozen=True)
class Declared:
    """One question.

    Parameters
    ----------
    name : str
        As in `Answer.ask`.
    module, function : str
        Where it is answered.
    help : str
        What it tells, a message marked with `N_`.
    settings : mapping of str to Setting
        By name, in the order of the command line.
    samples : bool
        Its settings `samples` and `seed` draw every figure in it.
    group : str
        The group of commands it stands in.
    long : bool
        May take more than a few seconds: a network door makes it a job.
    local : bool
        Reads this computer's meters or folders: no question for a network.
    needs : tuple of str
        Extras of the installation that it cannot do without.
    """

    name: str
    module: str
    function: str
    help: str
    settings: Mapping[str, Setting]
    samples: bool = True
    group: str = ""
    long: bool = False
    local: bool = False
    needs: tuple[str, ...] = ()

    @property
    def flat(self) -> str:
        """Its name where a name has no gaps: in Python and in addresses.

        Examples
        --------
        >>> ASKS["meter report"].flat, ASKS["check-label"].flat
        ('meter_report', 'check_label')
        """
        return self.name.replace("-", "_").replace(" ", "_")

    @property
    def words(self) -> tuple[str, ...]:
        """The command that asks it, as typed after ``taotie``."""
        return (*((self.group,) if self.group else ()), self.name.removeprefix(f"{self.group} "))


def _declared(
    name: str,
    help: str,
    *settings: str | Setting,
    samples: bool = True,
    module: str = "",
    function: str = "",
    group: str = "",
    long: bool = False,
    local: bool = False,
    needs: tuple[str, ...] = (),
) -> Declared:
    more = ("samples", "seed") if samples else ()
    every = [SETTINGS[s] if isinstance(s, str) else s for s in (*settings, *more)]
    every += [s for s in SETTINGS_OF.get(name, ()) if s.name not in {e.name for e in every}]
    found = Declared(
        name, f"taotie.answer.{module or name}", "", help, {s.name: s for s in every}, samples,
        group, long, local, needs or (("grid",) if group == "grid" else ()),
    )  # fmt: skip
    return replace(found, function=function or found.flat)


ASKS: dict[str, Declared] = {
    one.name: one
    for one in (
        _declared(
            "run",
            N_("Follow a workload from its requests to the grid; writes report.html and result.json."),
            "study", "threads",
            setting("region", help=N_("Where, in place of what the study says: a country, state, province, grid or cloud region.")),
            setting("seed", default=None), setting("samples", default=None),
            samples=False, module="study", long=True, needs=("simulate", "grid"),
        ),
        _declared(
            "prompt",
            N_("Energy of one request on given machines."),
            setting("model", first=True, reason=N_("a model of usual size whose weights are published")),
            "tokens_in", "tokens_out",
            setting("on", reason=N_("the accelerator most delivered in 2023 and 2024")),
            "batch", "precision", "runtime", "pue", "software_date", "data_parallel", "expert_parallel",
            "prefill_on", "draft", "draft_model", "acceptance", "prefix_hit", "calibrate", "region", "hour", "market_intensity", "wue",
            "electricity_price", "price_in", "price_out", "active", "total", "provider", "claimed",
            "brief",
        ),
        _declared(
            "generate",
            N_("Energy of one generated picture or film on given machines."),
            SETTINGS_OF["generate"][0],
            setting("on", reason=N_("the accelerator most delivered in 2023 and 2024")),
            "pue", "region", "hour", "market_intensity", "wue", "electricity_price",
        ),
        _declared(
            "embed",
            N_("Energy of one embedding or classification by an encoder."),
            setting("on", default="a100", reason=N_("the chip encoders were measured on")),
            "pue", "region", "hour", "market_intensity", "wue", "electricity_price",
        ),
        _declared(
            "facility",
            N_("PUE and water of a building by its cooling and the weather of its place, hour by hour."),
            SETTINGS_OF["facility"][0], "region",
        ),
        _declared(
            "compare",
            N_("What would halve the energy of a request: other formats, batches, caches, drafts, chips, models, side by side."),
            setting("model", first=True, reason=N_("a model of usual size whose weights are published")),
            "tokens_in", "tokens_out",
            setting("on", reason=N_("the accelerator most delivered in 2023 and 2024")),
            setting("batch", default=16.0, reason=N_("a service with some load: savings are told at one batch")),
            "precision", "runtime", "pue",
        ),
        _declared(
            "crowd",
            N_("A year of everybody's requests: energy, draw, emissions, share of a region's electricity."),
            setting("model", first=True, reason=N_("a model of usual size whose weights are published")),
            "tokens_in", "tokens_out",
            setting("on", reason=N_("the accelerator most delivered in 2023 and 2024")),
            "batch", "precision", "runtime", "pue", "software_date", "data_parallel", "expert_parallel",
            "prefill_on", "draft", "draft_model", "acceptance", "prefix_hit", "words", "kind", "people", "per_person",
            setting("days", help=N_("Days of a year on which they ask."), low=0, high=366, default=365.0),
            setting("region", default="WORLD", reason=N_("no place is given: the world's average generation")),
        ),
        _declared(
            "requests",
            N_("Energy of every request of a log on given machines, each with its own lengths."),
            setting("trace", required=True),
            setting("model", reason=N_("a model of usual size whose weights are published")),
            setting("on", reason=N_("the accelerator most delivered in 2023 and 2024")),
            "batch", "precision", "runtime", "pue", "software_date", "data_parallel", "expert_parallel",
            "draft", "draft_model", "acceptance", "prefix_hit", "calibrate", "format", "columns", "time_unit", "only", "strict",
            "per_day", "sampled_hours",
            setting("samples", default=100, reason=N_("a log may hold a million requests")), "seed",
            samples=False,
        ),
        _declared(
            "simulate",
            N_("A request log on a fleet of accelerators: latency, energy of each request, power."),
            "trace", "model",
            setting("on", help=N_("Accelerators of a replica, such as 8xh100.")),
            "replicas", "slo", "precision", "runtime", "software_date", "data_parallel", "expert_parallel",
            "routing", "max_batch", "token_budget",
            "chunked", "prefix_cache", "prefix_in_pages", "prefix_margin", "load_report", "draft", "draft_model",
            "acceptance", "pipeline", "prefill_on", "prefill_replicas", "least_replicas", "startup",
            "rate_scale", "scale_by", "format", "columns", "time_unit", "only", "strict",
            "session_prefix", "per_day", "start_hour", "sampled_hours", "interval_cv", "day",
            "weekend", "mean_prompt", "mean_answer", "turns", "think", "system_prompt", "bin", "calibrate",
            "requests_out", "power_out", "sweep", "processes", "cluster", "stream", "curve",
            "region", "hour", "market_intensity", "wue", "electricity_price",
            setting("threads", default=1), setting("seed", default=0),
            samples=False, long=True, needs=("simulate",),
        ),
        _declared(
            "train",
            N_("Energy, time and emissions of a training run."),
            setting("on", help=N_("Which accelerator."), reason=N_("the accelerator most delivered in 2023 and 2024")),
            setting("model", default=None, first=True, help=N_("Whose active parameters are taken: a model's name, config.json, or size such as 7B.")),
            "accelerators", "hours", "days", "flop", "params", "tokens", "mfu", "pue", "watts",
            setting("region", default="WORLD", reason=N_("no place is given: the world's average generation")),
            "failures",
            "break_even",
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
            "to", "scope", "scenario", "country", "of", "power", needs=("fleet",),
        ),
        _declared(
            "capacity", N_("New load every bus can take with any one branch lost."),
            samples=False, group="grid", long=True,
        ),
        _declared(
            "sites", N_("New load that several buses take together, units told anew."),
            samples=False, group="grid", long=True, module="capacity_more",
        ),
        _declared(
            "headroom", N_("New load a region can take if that load is curtailed a few hours a year."),
            samples=False, group="grid", long=True,
        ),
        _declared(
            "dispatch", N_("Cheapest dispatch and prices, before and after a new load."),
            samples=False, group="grid", long=True,
        ),
        _declared(
            "split", N_("Spread one training run over several sites."), samples=False, group="grid"
        ),
        _declared(
            "supply",
            N_("Wind, sun, stores, firm plant and the grid for a load: hour by hour, at the least cost."),
            samples=False, long=True, needs=("grid",),
        ),
        _declared(
            "flex",
            N_("How deep and how long a load may be cut, what connection that buys, what it costs."),
            samples=False,
        ),
        _declared(
            "swings",
            N_("Swings of a training load: spectrum, ramps, filters, a utility's limits, a voltage dip."),
            samples=False,
        ),
        _declared(
            "power",
            N_("Time to power of one site: queue, gas, restart, SMR, fusion, storage, flexible connection; coal that runs on."),
            samples=False,
        ),
        _declared(
            "disclose",
            N_("Fill a form (mdf, dc2024, sci, sci-ai, scope2, rating, boamps, cyclonedx, spdx, esrs) from a result or a meter."),
            samples=False,
        ),
        _declared(
            "label", N_("An energy label of one request, which anybody can compute again."),
            setting("model", help=N_("Which model."), first=True, reason=N_("a model of usual size whose weights are published")),
            "tokens_in", "tokens_out",
            setting("on", reason=N_("the accelerator most delivered in 2023 and 2024"), python="accelerator"),
            "batch",
            setting("precision", default="bf16"), setting("runtime", options=("--runtime", "--engine")),
            "pue",
            samples=False, function="energy_label",
        ),
        _declared(
            "check-label", N_("Compute an energy label again: does it hold to the last digit?"),
            samples=False, module="label", function="check_label",
        ),
        _declared(
            "tax", N_("The proposed excise tax on mining electricity (never enacted), by year."),
            samples=False,
        ),
        _declared(
            "rules",
            N_("Rules for a large load by size and place, with status, date and how each is known."),
            samples=False, module="tax",
        ),
        _declared(
            "models", N_("The models of the table; or one by name, config.json or size."), samples=False
        ),
        _declared("chips", N_("The accelerators of the table; or one with its sources."), samples=False),
        _declared(
            "regions",
            N_("The places known; or one: what its electricity emits, costs and takes of water."),
            samples=False,
        ),
        _declared(
            "check",
            N_("Check a sentence: against its inputs (--from), a source (--source-range), and the catalogue."),
            samples=False, function="check_sentence",
        ),
        _declared(
            "audit", N_("Recompute every number of an article, or of a claims file of yours."),
            samples=False,
        ),
        _declared(
            "meter show", N_("What a ledger holds, or live while it is written."),
            samples=False, module="meter_live", function="stored", group="meter", local=True,
        ),
        _declared(
            "meter import",
            N_("Read logs of meters: dcgm-exporter, Prometheus, OpenTelemetry, CodeCarbon, Zeus, Slurm, nvidia-smi, CSV."),
            samples=False, module="meter", function="meter_files", group="meter", local=True,
        ),
        _declared(
            "meter report",
            N_("Joules by request, model and user, idle share, and what it was on the grid."),
            samples=False, module="meter", function="meter_report", group="meter", local=True,
        ),
        _declared(
            "meter usage",
            N_("Tokens of coding agents and exports of use -> energy, carbon and water, as wide ranges."),
            samples=False, module="meter_usage", function="usage_report", group="meter", local=True,
        ),
        _declared(
            "validate serving",
            N_("A table with the columns of InferenceX: served loads by engine, accelerators and requests in flight. "
               "Nothing measured is used."),
            samples=False, module="validate", group="validate", long=True,
        ),
        _declared(
            "validate mlenergy",
            N_("A table with the columns of the ML.ENERGY Benchmark: LLM serving, pictures or films. "
               "Nothing measured is used but the mean batch."),
            samples=False, module="validate", group="validate", long=True,
        ),
        _declared(
            "predict",
            N_("Predict rate, power, energy and latency of set-ups and put them on record, dated and hashed."),
            samples=False, module="validate", long=True,
        ),
        _declared(
            "calibrate", N_("Refit the coefficients of the energy model from measured tables in a folder."),
            samples=False, module="validate", long=True,
        ),
    )
}  # fmt: skip
"""By name, in the order of the chain."""


def declared_of(name: str) -> Declared:
    """The declaration of a question; gaps, hyphens and underscores are one.

    Raises
    ------
    UnknownNameError
        If there is no such question.

    Examples
    --------
    >>> declared_of("meter-report").name, declared_of("check_label").name
    ('meter report', 'check-label')
    """
    if name in ASKS:
        return ASKS[name]
    flat = {one.flat: one for one in ASKS.values()}
    found = flat.get(str(name).replace("-", "_").replace(" ", "_"))
    if found is None:
        raise UnknownNameError(
            _("there is no question {name}.").format(name=repr(name)), nearest(str(name), ASKS)
        )
    return found


def function_of(name: str) -> Callable[..., Any]:
    """The public function of a question: settings in, an `Answer` out.

    Raises
    ------
    MissingExtraError
        If a part of the installation is lacking that it cannot do without.
    """
    declared = declared_of(name)
    for extra in declared.needs:
        require(extra)
    return getattr(import_module(declared.module), declared.function)
