"""What stands in the tables of the simulation page? Set-up, defaults with their origin, counts, limits.

Nothing here is computed: every value is the case's, the fleet's or the run's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from taotie.answer.parts.simulation import (
    IDLE_TDP_SHARE,
    KV_LINK_B_S,
    MEMORY_IN_USE,
    RESERVED_B,
    ServingCase,
    runtime_profile,
    server_of,
    setup_of,
)
from taotie.app.charts.picture import amount, cut
from taotie.app.charts.simulation_charts import duration_text, percent
from taotie.app.charts.simulation_promise_charts import level_text
from taotie.errors import SourceError
from taotie.quantity.catalog import table
from taotie.quantity.figure import Figure
from taotie.quantity.wording import kind_word, note_text, number
from taotie.words.as_set import as_set
from taotie.words.language import _

FIT = "taotie_energy_fit2026"


@dataclass(frozen=True)
class Row:
    """A setting, its value and where that comes from."""

    key: str
    name: str
    value: str
    why: str
    source: str = ""


def given_fields(case: ServingCase) -> set[str]:
    """Settings that differ from the defaults of `ServingCase`."""
    plain = ServingCase()
    return {f.name for f in fields(case) if getattr(case, f.name) != getattr(plain, f.name)}


def machine_figures(case: ServingCase) -> dict[str, Figure]:
    """Sourced figures behind the machines, where the tables have them."""
    setup = setup_of(case)
    chip, box = setup.accelerator, server_of(setup.accelerator)
    found: dict[str, Figure] = {}
    for key, topic, item, quantity in (
        ("parameters", "models", setup.model.name, "total_params"),
        ("rated_power", "accelerators", chip.name, "tdp"),
        ("idle_power", "accelerators", chip.name, "idle_power"),
        ("bandwidth", "accelerators", chip.name, "bandwidth"),
        ("memory", "accelerators", chip.name, "memory"),
        ("host_idle_power", "servers", box.name, "host_idle_power"),
        ("host_max_power", "servers", box.name, "host_max_power"),
    ):
        try:
            found[key] = table(topic).figure(item, quantity)
        except SourceError:
            continue
    return found


def _where(figure: Figure) -> str:
    """Place within the source, or why a value was assumed; the source is linked beside it."""
    if figure.source is None:
        return f"{kind_word(figure.kind)}: {note_text(figure)}"
    return figure.locator or kind_word(figure.kind)


def _key_of(figure: Figure | None) -> str:
    return figure.source.key if figure is not None and figure.source is not None else ""


def setup_rows(done: Any, given: Collection[str]) -> list[Row]:
    """What was simulated: requests, machines, coefficients, and the settings that were given."""
    case: ServingCase = done.case
    setup, model = setup_of(case), done.serving.replica
    box, known = server_of(setup.accelerator), machine_figures(case)
    profile = runtime_profile(case.runtime)
    n = setup.accelerators_per_replica
    chosen = (
        _("as few as keep the promise")
        if "replicas" not in given and case.replicas is None
        else _("given")
    )
    rows = [
        *_request_rows(done),
        Row("model", _("model"), setup.model.name, _("{n} parameters").format(n=number(setup.model.total_params, 3)), _key_of(known.get("parameters"))),
        Row("machines", _("accelerators of a replica"), model.name, _("tensor parallel in {s} pipeline stages").format(s=case.pipeline_stages) if case.pipeline_stages > 1 else _("tensor parallel"), _key_of(known.get("bandwidth"))),
        Row("replicas", _("replicas"), _replicas_text(done), chosen),
        Row("level", _("promise"), _level(case), _("of {share} of the requests").format(share=percent(case.level.share)) if case.level else _("none was given")),
        Row("runtime", _("coefficients of time and energy"), _(profile.label), _coefficients(profile, setup.accelerator.architecture), FIT),
        Row("kv", _("room for keys and values"), _("{n} tokens per replica").format(n=number(model.limits.kv_tokens, 4)), _("{share} of the memory, less weights and {gb} GB for each accelerator").format(share=percent(MEMORY_IN_USE), gb=number(RESERVED_B / 1e9)), _key_of(known.get("memory"))),
        Row("idle_power", _("accelerators that wait"), _("{w} per replica").format(w=amount(model.idle_mw / 1e3, "W", 3)), _where(known["idle_power"]) if "idle_power" in known else _("{share} of the rated power: assumed, no measurement of this accelerator").format(share=percent(IDLE_TDP_SHARE)), _key_of(known.get("idle_power") or known.get("rated_power"))),
        Row("host", _("host, waiting and at full load"), _("{a} and {b} per replica").format(a=number(n * box.host_idle_w_per_accelerator, 3), b=amount(n * box.host_max_w_per_accelerator, "W", 3)), _where(known["host_idle_power"]) if "host_idle_power" in known else _("an HGX H100's host, scaled by rated power: assumed"), _key_of(known.get("host_idle_power"))),
    ]  # fmt: skip
    shown = {"model", "accelerator", "accelerators", "replicas", "level", "runtime", "pipeline_stages"}  # fmt: skip
    rows += [
        Row(key, name, value, _("given"))
        for key, name, value, _why in _fields(case)
        if key in given and key not in shown
    ]
    return rows


def _request_rows(done: Any) -> list[Row]:
    requests = getattr(done, "requests", None)
    if requests is None or not hasattr(requests, "moments"):
        return [
            Row("requests", _("requests"), cut(str(done.name), 200), _("as a stream"), done.source)
        ]
    moments = requests.moments
    return [
        Row(
            "requests", _("requests"), cut(requests.name or requests.source, 200),
            _("{n} requests over {h}, on average {p} tokens read and {o} written").format(
                n=_count(len(requests)), h=amount(requests.span_s / 3600, "h", 3),
                p=number(moments.mean_prompt, 4), o=number(moments.mean_output, 3),
            ),
            requests.source,
        )
    ]  # fmt: skip


def _replicas_text(done: Any) -> str:
    case, serving = done.case, done.serving
    if serving.writing is not None:
        return _("{a} that read, {b} that write").format(
            a=serving.replicas, b=serving.writing.replicas
        )
    if case.least_replicas is not None:
        return _("{a} to {b}, started and stopped by the requests that came").format(
            a=case.least_replicas, b=serving.replicas
        )
    return str(serving.replicas)


def _level(case: ServingCase) -> str:
    return level_text(case.level) if case.level is not None else "–"


def _coefficients(profile: Any, architecture: str) -> str:
    rows = profile.provenance.get("rows")
    error = profile.provenance.get("left_out_median_error")
    text = _("fitted on {n} measured set-ups; half of those whose model family the fit had not seen are off by less than {e}").format(
        n=rows, e=percent(error)
    ) if rows and error else _("fitted")  # fmt: skip
    if not profile.knows(architecture):
        text += " " + _("Accelerators of this generation were not among them: carried over.")
    return text


def _fields(case: ServingCase) -> list[tuple[str, str, str, str]]:
    """Key, name, value and why of every setting that played a part."""
    software = _("a usual default of vLLM")
    ours = _("our choice")
    plain = _("left out: not used")
    on_off: Callable[[Any], str] = lambda v: _("yes") if v else _("no")  # noqa: E731
    rows = [
        ("model", _("model"), case.model, _("our choice: an open model of middle size")),
        ("accelerator", _("accelerator"), case.accelerator, _("our choice: widely installed, and measured")),
        ("accelerators", _("accelerators of a replica"), "–" if case.accelerators is None else str(case.accelerators), _("as few as hold the model")),
        ("precision", _("precision of the weights"), setup_of(case).precision, _("as the publisher released the model, or the next wider the chip has")),
        ("runtime", _("generation of the serving software"), case.runtime, _("the newest the energy model was fitted on")),
        ("level", _("promise"), _level(case), _("none was given")),
        ("routing", _("routing"), case.routing.replace("_", " "), _("our choice: what a good router does")),
        ("max_batch", _("most requests a replica runs at once"), str(case.max_batch), _("vLLM's default up to A100; on GPUs of 70 GiB and more it is 1 024")),
        ("token_budget", _("most tokens of an iteration"), str(case.token_budget), _("vLLM's default up to A100; on GPUs of 70 GiB and more it is 8 192")),
        ("chunked", _("prompts read in chunks beside writing"), on_off(case.chunked), software),
        ("prefix_cache_tokens", _("prompt tokens each replica remembers"), number(case.prefix_cache_tokens, 4), _("left out: every prompt is read whole")),
        ("drafted", _("tokens drafted per step (speculative)"), str(case.drafted), plain),
        ("pipeline_stages", _("pipeline stages"), str(case.pipeline_stages), plain),
        ("prefill_replicas", _("replicas that only read prompts"), str(case.prefill_replicas), plain),
        ("least_replicas", _("replicas are started and stopped"), on_off(case.least_replicas is not None), _("left out: all are on throughout")),
        ("rate_scale", _("requests arrive this many times as fast"), f"{case.rate_scale:g}", _("as in the log")),
        ("bin_s", _("width of a power value"), duration_text(case.bin_s), ours),
        ("seed", _("seed of random choices"), str(case.seed), ours),
    ]  # fmt: skip
    if getattr(case, "prefix_in_pages", False):
        rows.append(("prefix_in_pages", _("read prompts stay in the KV pages"), _("yes"), plain))
    if getattr(case, "load_report_s", 0.0):
        rows.append(("load_report_s", _("how often the router learns the load"), duration_text(case.load_report_s), ours))  # fmt: skip
    if "prefix" in case.routing:
        rows.append(("prefix_margin", _("requests a replica may be ahead and still get those of its prefix"), str(case.prefix_margin), ours))  # fmt: skip
    if case.drafted:
        rows.append(("acceptance_rate", _("chance that a drafted token is accepted"), f"{case.acceptance_rate:g}", ours))  # fmt: skip
        rows.append(("draft_model", _("what drafts"), case.draft_model or _("one layer of the model itself"), _("multi-token prediction")))  # fmt: skip
    if case.least_replicas is not None:
        rows += [
            ("scaling_window_s", _("how often the number of replicas is set"), duration_text(case.scaling_window_s), ours),
            ("startup_s", _("until a started replica takes requests"), duration_text(case.startup_s), _("assumed: loading the weights")),
            ("hold_windows", _("windows a surplus must last before a stop"), str(case.hold_windows), ours),
            ("target_load", _("share of its largest rate a replica is meant to carry"), percent(case.target_load), ours),
        ]  # fmt: skip
    if case.prefill_replicas:
        rows.append(("prefill_accelerator", _("machines that only read prompts"), _reading(case), _("those that write")))  # fmt: skip
        rows.append(("kv_link", _("link between the pools, per accelerator"), amount(KV_LINK_B_S / 1e9, "GB/s", 3), _("assumed: a network card of 400 Gbit/s each")))  # fmt: skip
    return rows


def _reading(case: ServingCase) -> str:
    """Machines of the pool that reads."""
    n = case.prefill_accelerators
    return (case.prefill_accelerator or case.accelerator) + (f":{n}" if n else "")


def default_rows(case: ServingCase, given: Collection[str]) -> list[Row]:
    """Every setting that was left out, with what was used instead and why."""
    return [
        Row(key, name, value, why) for key, name, value, why in _fields(case) if key not in given
    ] + [
        Row("page_tokens", _("page of the KV cache"), _("16 tokens"), _("a usual default of vLLM")),
        Row("watermark", _("share of the KV cache an admission leaves free"), "1 %", _("a usual default of vLLM")),
    ]  # fmt: skip


def option_rows(options: Mapping[str, Any], given: Collection[str], asked: bool) -> list[Row]:
    """Options of the command that say which requests came: those given, or the others."""
    rows = []
    for key, value in options.items():
        if (key in given) is asked:
            empty = value is None or value == ()
            why = _("given") if asked else _("left out") if empty else _("default of the command")
            rows.append(Row(key, "--" + key.replace("_", "-"), _option_text(value), why))
    return rows


def _option_text(value: Any) -> str:
    if value is None or value == ():
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return cut(", ".join(str(v) for v in value), 200)
    return cut(as_set(value), 200)


def count_rows(done: Any, summary: dict[str, Any]) -> list[Row]:
    """What became of the requests, and how much was simulated."""
    limit = done.serving.replica.limits.kv_tokens
    energy = summary["energy_j"]

    def kwh(joules: float) -> str:
        return amount(joules / 3.6e6, "kWh", 4)

    rows = [
        Row("completed", _("requests completed"), _count(summary["completed"]), _("of {n} that came").format(n=_count(summary["requests"]))),
        Row("rejected", _("requests rejected"), _count(summary["rejected"]), _("longer than the KV cache of a replica: {n} tokens").format(n=_count(limit))),
        Row("preemptions", _("requests that had to give way"), _count(summary["preemptions"]), _("the KV cache was full; they were read again later")),
        Row("prefix_hit_tokens", _("prompt tokens not read again"), _count(summary["prefix_hit_tokens"]), _("found in the prefix cache") if done.case.prefix_cache_tokens else _("there was no prefix cache")),
        Row("iterations", _("iterations"), _count(summary["iterations"]), _("simulated one by one or in stretches, with the same result")),
        Row("span", _("time simulated"), amount(summary["span_s"] / 3600, "h", 4), _("to the last request or the last token, whichever is later")),
        Row("total", _("energy, all of it"), kwh(energy["total"]), _("the requests' energies sum to it exactly") if energy["requests_sum"] == energy["total"] else ""),
        Row("prefill", _("of it reading prompts"), kwh(energy["prefill"]), _part(energy, "prefill")),
        Row("decode", _("of it writing answers"), kwh(energy["decode"]), _part(energy, "decode")),
        Row("idle", _("of it accelerators that wait"), kwh(energy["idle"]), _part(energy, "idle")),
        Row("host", _("of it hosts"), kwh(energy["host"]), _part(energy, "host")),
    ]  # fmt: skip
    if energy["transfer"]:
        rows.append(Row("transfer", _("of it moving KV caches"), kwh(energy["transfer"]), _part(energy, "transfer")))  # fmt: skip
    return rows


def _count(value: float) -> str:
    return f"{int(value):,}".replace(",", " ")


def _part(energy: dict[str, float], key: str) -> str:
    return _("{share} of all").format(share=percent(energy[key] / energy["total"]))


def limits(done: Any) -> list[str]:
    """What the simulator does not see, as far as it matters for this run."""
    case: ServingCase = done.case
    found = [
        _("Energy ends at the server's plug: no cooling, no losses of the building, no network."),
        _("A request that comes while an iteration runs waits for its end."),
        _("Costs come from a fitted model of steady batches: it has an error of its own (given with the headline), and steps that mix reading and writing are its least measured part."),
        _("No failures, no restarts, no thermal limits beyond the power cap of the energy model."),
    ]  # fmt: skip
    if not getattr(case, "load_report_s", 0.0) and case.routing not in ("round_robin", "random"):
        found.append(_("The router always knows how many requests each replica has: real ones learn it late."))  # fmt: skip
    if case.prefix_cache_tokens:
        found.append(_("The prefix cache has a memory of its own and does not compete with the KV cache."))  # fmt: skip
    if case.drafted:
        found.append(_("Drafted tokens are accepted at one mean rate, the same for each request and step."))  # fmt: skip
    if case.least_replicas is not None:
        found.append(_("Starting and stopping looks at the requests of the window before, not at queues."))  # fmt: skip
    return found


def run_warnings(done: Any, summary: dict[str, Any]) -> list[tuple[str, str]]:
    """What a reader must know before using a number."""
    found = []
    if summary["rejected"]:
        share = summary["rejected"] / summary["requests"]
        found.append(("rejected", _(
            "{n} requests ({share}) are longer than the KV cache of a replica ({t} tokens) and were rejected: no energy is counted for them."
        ).format(n=_count(summary["rejected"]), share=percent(share), t=_count(done.serving.replica.limits.kv_tokens))))  # fmt: skip
    growth = summary.get("queue_growth_per_s") or 0.0
    if growth > 0:
        found.append(("overload", _(
            "Requests come faster than the fleet serves them: the queue grows by {g} requests per second, so latencies depend on how long the log is."
        ).format(g=number(growth, 3))))  # fmt: skip
    level = done.case.level
    if level is not None:
        kept = done.run.attainment(level)
        if kept < level.share:
            found.append(("promise", _(
                "The promise is broken: {kept} of the requests keep it, {want} must."
            ).format(kept=percent(kept), want=percent(level.share))))  # fmt: skip
    if not runtime_profile(done.case.runtime).knows(setup_of(done.case).accelerator.architecture):
        found.append(("unmeasured", _(
            "No accelerator of this generation was measured with this software: coefficients are carried over and the error is wider."
        )))  # fmt: skip
    return found
