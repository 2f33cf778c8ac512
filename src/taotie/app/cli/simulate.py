"""`taotie simulate`: a request log on a fleet of accelerators - latency, energy of each request, power."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, Seed, console, print_json, progress
from taotie.app.cli.prompt import machines
from taotie.app.cli.simulate_stream import streamed
from taotie.app.cli.simulation_report import Page, given_settings, promise_curve, request_options
from taotie.errors import RangeError, UnknownNameError
from taotie.words.language import _
from taotie.workload.trace_layout import LAYOUTS
from taotie.workload.wanted import Wanted, requests_of

SWEPT = {
    "rate": "rate_scale",
    "max-batch": "max_batch",
    "on": "accelerator",
    "replicas": "replicas",
    "precision": "precision",
    "routing": "routing",
    "token-budget": "token_budget",
}
"""What `--sweep` may vary, and its name in `ServingCase`."""


def _cases(base: Any, sweeps: list[str]) -> list[tuple[dict[str, str], Any]]:
    """Every combination of the swept values, in order."""
    cases: list[tuple[dict[str, str], Any]] = [({}, base)]
    for text in sweeps:
        key, sign, values = text.partition("=")
        if key not in SWEPT or not sign or not values:
            raise UnknownNameError(
                _("--sweep {text} is not understood.").format(text=text),
                _("such as rate=1,2,4; known: {names}").format(names=", ".join(SWEPT)),
            )
        more = []
        for labels, case in cases:
            for value in values.split(","):
                more.append(({**labels, key: value}, _with(case, key, value)))
        cases = more
    return cases


def _with(case: Any, key: str, value: str) -> Any:
    name = SWEPT[key]
    if key == "on":
        chip, n = machines(value)
        return replace(case, accelerator=chip, accelerators=n)
    if name in ("precision", "routing"):
        return replace(case, **{name: value.replace("-", "_") if name == "routing" else value})
    try:
        number = float(value) if name == "rate_scale" else int(value)
    except ValueError:
        raise RangeError(
            _("--sweep {key}: {value} is not a number.").format(key=key, value=repr(value))
        ) from None
    return replace(case, **{name: number})


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_("A request log on a fleet of accelerators: latency, energy of each request, power.")
    )
    def simulate(
        context: typer.Context,
        trace: Annotated[
            str,
            typer.Argument(
                help=_(
                    "A log (.csv, .jsonl, .parquet, a ServeGen folder), a published one by name, "
                    "`chat` or `conversations`."
                )
            ),
        ],
        model: Annotated[
            str, typer.Option("--model", "-m", help=_("Model name."))
        ] = "llama-3.1-70b",
        on: Annotated[
            str, typer.Option("--on", help=_("Accelerators of a replica, such as 8xh100."))
        ] = "h100-sxm",
        replicas: Annotated[
            str, typer.Option(help=_("How many, or auto: as few as keep --slo."))
        ] = "auto",
        slo: Annotated[
            str, typer.Option(help=_("What users are promised: ttft=1s,tpot=50ms,share=99%."))
        ] = "",
        precision: Annotated[str, typer.Option(help=_("bf16, fp8, mxfp4, int4 ..."))] = "bf16",
        runtime: Annotated[
            str, typer.Option(help=_("Generation of the serving software."))
        ] = "vllm-0.11",
        routing: Annotated[
            str,
            typer.Option(
                help=_("round-robin, random, two-choices, least-outstanding or prefix-aware.")
            ),
        ] = "least-outstanding",
        max_batch: Annotated[
            int, typer.Option(min=1, help=_("Most requests a replica runs at once."))
        ] = 256,
        token_budget: Annotated[
            int, typer.Option(min=1, help=_("Most tokens of one iteration."))
        ] = 2048,
        chunked: Annotated[
            bool, typer.Option("--chunked/--whole", help=_("Read prompts in chunks or whole."))
        ] = True,
        prefix_cache: Annotated[
            int, typer.Option(min=0, help=_("Prompt tokens each replica remembers."))
        ] = 0,
        prefix_in_pages: Annotated[
            bool,
            typer.Option(
                "--prefix-in-pages",
                help=_("Prompts that were read stay in the KV pages until pages run short."),
            ),
        ] = False,
        prefix_margin: Annotated[
            int,
            typer.Option(
                min=0,
                help=_("prefix-aware: requests a replica may be ahead of the least busy one."),
            ),
        ] = 8,
        load_report: Annotated[
            float,
            typer.Option(
                min=0, help=_("Seconds between the router's reports of load; 0: always fresh.")
            ),
        ] = 0.0,
        draft: Annotated[
            int, typer.Option(min=0, max=32, help=_("Tokens drafted per step (speculative)."))
        ] = 0,
        acceptance: Annotated[
            float, typer.Option(min=0, max=1, help=_("Chance that a drafted token is accepted."))
        ] = 0.7,
        pipeline: Annotated[int, typer.Option(min=1, help=_("Pipeline stages of a replica."))] = 1,
        prefill_replicas: Annotated[
            int, typer.Option(min=0, help=_("Replicas that only read prompts; the others write."))
        ] = 0,
        least_replicas: Annotated[
            int | None,
            typer.Option(min=1, help=_("Start and stop replicas, at least so many stay on.")),
        ] = None,
        startup: Annotated[
            float, typer.Option(min=0, help=_("Seconds until a started replica takes requests."))
        ] = 120.0,
        rate_scale: Annotated[
            float, typer.Option(help=_("So many times the requests per second."))
        ] = 1.0,
        scale_by: Annotated[
            str,
            typer.Option(
                help=_(
                    "How: time (the same requests in less time), copies (more users; below 1 fewer) "
                    "or thinning (fewer users)."
                )
            ),
        ] = "time",
        layout: Annotated[
            str,
            typer.Option(
                "--format",
                help=_("Layout of the log: {names}.").format(names=", ".join(("auto", *LAYOUTS))),
            ),
        ] = "auto",
        only: Annotated[
            list[str] | None,
            typer.Option(
                help=_("Rows of a log with this value, such as 'Model=GPT-4'; may be repeated.")
            ),
        ] = None,
        strict: Annotated[
            bool, typer.Option("--strict", help=_("Refuse columns that no layout knows."))
        ] = False,
        session_prefix: Annotated[
            bool,
            typer.Option(
                "--session-prefix",
                help=_("Assume that each turn of a log's conversations repeats what was said."),
            ),
        ] = False,
        per_day: Annotated[
            float | None,
            typer.Option(help=_("Requests a day, for `chat`, `conversations` and ServeGen.")),
        ] = None,
        start_hour: Annotated[
            float,
            typer.Option(
                min=0,
                help=_("First hour: of the day, of the week with --weekend, or of the log."),
            ),
        ] = 0.0,
        hours: Annotated[
            float | None,
            typer.Option(help=_("Hours of requests: a day if sampled, else the whole log.")),
        ] = None,
        interval_cv: Annotated[
            float,
            typer.Option(
                help=_("Variation of sampled intervals: 1 for independent users, above 1 bursts.")
            ),
        ] = 1.0,
        day: Annotated[
            str, typer.Option(help=_("Course of a sampled day: chat (built in) or flat."))
        ] = "chat",
        weekend: Annotated[
            float | None,
            typer.Option(help=_("Requests of a weekend day over those of another day.")),
        ] = None,
        mean_prompt: Annotated[
            float | None,
            typer.Option(help=_("Mean prompt tokens of `chat`, or new tokens of a turn.")),
        ] = None,
        mean_answer: Annotated[
            float | None, typer.Option(help=_("Mean answer tokens of sampled requests."))
        ] = None,
        turns: Annotated[
            float | None, typer.Option(help=_("Mean turns of `conversations`."))
        ] = None,
        think: Annotated[
            float | None,
            typer.Option(help=_("Median seconds from turn to turn of `conversations`.")),
        ] = None,
        system_prompt: Annotated[
            int | None,
            typer.Option(min=0, help=_("Tokens all conversations begin with.")),
        ] = None,
        bin_s: Annotated[float, typer.Option("--bin", help=_("Seconds per power value."))] = 60.0,
        requests_out: Annotated[
            Path | None, typer.Option(help=_("Write every request to this Parquet file."))
        ] = None,
        power_out: Annotated[
            Path | None, typer.Option(help=_("Write power over time to this Parquet file."))
        ] = None,
        report: Annotated[
            Path | None, typer.Option(help=_("Write a page with pictures to this HTML file."))
        ] = None,
        sweep: Annotated[
            list[str] | None,
            typer.Option(help=_("Vary a setting, such as rate=1,2,4; may be repeated.")),
        ] = None,
        processes: Annotated[int, typer.Option(min=1, max=64, help=_("Processes of a sweep."))] = 1,
        cluster: Annotated[
            str, typer.Option(help=_("Run a sweep on the Dask scheduler at this address."))
        ] = "",
        stream: Annotated[
            bool,
            typer.Option(
                "--stream",
                help=_(
                    "Flat memory for logs in Parquet or `chat` of any length: round robin, sums only."
                ),
            ),
        ] = False,
        threads: Annotated[
            int, typer.Option(min=1, max=64, help=_("Threads; results do not depend on it."))
        ] = 1,
        seed: Seed = None,
        as_json: Json = False,
    ) -> None:
        from taotie.compute.serving.case import ServingCase
        from taotie.compute.serving.service import ServiceLevel

        chip, n = machines(on)
        case = ServingCase(
            model=model,
            accelerator=chip,
            accelerators=n,
            precision=precision,
            runtime=runtime,
            replicas=_count(replicas),
            level=ServiceLevel.parsed(slo) if slo else None,
            routing=routing.replace("-", "_"),
            max_batch=max_batch,
            token_budget=token_budget,
            chunked=chunked,
            prefix_cache_tokens=prefix_cache,
            prefix_in_pages=prefix_in_pages,
            prefix_margin=prefix_margin,
            load_report_s=load_report,
            acceptance_rate=acceptance,
            drafted=draft,
            pipeline_stages=pipeline,
            prefill_replicas=prefill_replicas,
            least_replicas=least_replicas,
            startup_s=startup,
            rate_scale=rate_scale,
            bin_s=bin_s,
            seed=seed or 0,
            threads=threads,
        )
        wanted = Wanted(
            trace=trace,
            layout=layout,
            only=tuple(only or ()),
            strict=strict,
            session_prefix=session_prefix,
            per_day=per_day,
            start_hour=start_hour,
            hours=hours,
            interval_cv=interval_cv,
            day=day,
            weekend=weekend,
            mean_prompt=mean_prompt,
            mean_answer=mean_answer,
            turns=turns,
            think=think,
            system_prompt=system_prompt,
            seed=seed or 0,
        )
        page = Page(report, given_settings(context), request_options(wanted, scale_by))
        if stream:
            if sweep or power_out or case.replicas is None:
                raise RangeError(
                    _("--stream goes with a number of --replicas, without --sweep and --power-out.")
                )
            _stream(wanted, case, scale_by, requests_out, page, as_json)
            return
        with progress(_("reading requests"), quiet=as_json):
            requests = requests_of(wanted)
        if sweep:
            if report:
                raise RangeError(_("--report goes with one simulation, not with a sweep."))
            if requests_out or power_out:
                raise RangeError(
                    _("--requests-out and --power-out go with one simulation, not with a sweep.")
                )
            _sweep(requests, _cases(case, sweep), scale_by, processes, cluster, as_json)
        else:
            _one(requests, case, scale_by, requests_out, power_out, page, as_json)


def _count(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise RangeError(
            _("--replicas {text} is neither a number nor auto.").format(text=repr(text))
        )
    return int(text)


def _scaled(requests: Any, case: Any, by: str) -> tuple[Any, Any]:
    """Requests at the rate the case asks for, and the case without that wish."""
    import numpy as np

    from taotie.workload.scaling import scaled

    rng = np.random.default_rng([case.seed, 1])
    return scaled(requests, case.rate_scale, by, rng), replace(case, rate_scale=1.0)


def _one(
    requests: Any,
    asked: Any,
    scale_by: str,
    requests_out: Path | None,
    power_out: Path | None,
    page: Page,
    as_json: bool,
) -> None:
    from taotie.compute.serving.case import run_case
    from taotie.compute.serving.output import power_columns, request_columns, write_parquet

    requests, case = _scaled(requests, asked, scale_by)
    with progress(_("simulating"), quiet=as_json):
        done = run_case(requests, case)
    files = []
    if requests_out is not None:
        write_parquet(requests_out, request_columns(done.run))
        files.append(str(requests_out))
    if power_out is not None:
        write_parquet(power_out, power_columns(done.run))
        files.append(str(power_out))
    curve = None
    if case.replicas is None or page.path is not None:
        curve = promise_curve(done, quiet=as_json)
    if page.path is not None:
        page.write(done, curve, rate_scale=asked.rate_scale, quiet=as_json)
        files.append(str(page.path))
    summary = done.summary()
    told = [requests.layout.text()] if requests.layout is not None else []
    summary["notes"] = [*told, *summary["notes"]]
    costs = _cost_of_promise(curve)
    if as_json:
        settings = asdict(asked)
        settings["level"] = str(case.level) if case.level else None
        settings["scale_by"] = scale_by
        print_json({**summary, "slo_cost": costs, "settings": settings, "files": files})
        return
    _show(summary, costs, done.serving.replica.name, done.run.power())
    for path in files:
        console().print(_("written: {path}").format(path=path), markup=False)


def _stream(
    wanted: Wanted, case: Any, scale_by: str, requests_out: Path | None, page: Page, as_json: bool
) -> None:
    summary, done = streamed(wanted, case, scale_by, requests_out, as_json)
    files = [str(requests_out)] if requests_out else []
    if page.path is not None:
        page.write(done, quiet=as_json)
        files.append(str(page.path))
    if as_json:
        print_json({**summary, "files": files})
        return
    _show(summary, [], done.serving.replica.name, done.run.account.series())
    for path in files:
        console().print(_("written: {path}").format(path=path), markup=False)


def _cost_of_promise(curve: Any) -> list[dict[str, Any]]:
    """Energy per request against latency around the smallest fleet (for `--replicas auto`)."""
    if curve is None or curve.level is None:
        return []
    return [
        {
            "replicas": point.replicas,
            "energy_per_request_j": point.energy_per_request_j,
            "share": curve.share,
            "ttft_s": point.ttft_s,
            "tpot_s": point.tpot_s,
            "slo_share_kept": point.kept,
            "requests": curve.n_request,
        }
        for point in curve.points
    ]


def _sweep(
    requests: Any,
    cases: list[Any],
    scale_by: str,
    processes: int,
    cluster: str,
    as_json: bool,
) -> None:
    from taotie.compute.serving.case import sweep

    with progress(_("simulating"), quiet=as_json):
        if scale_by == "time":
            found = sweep(requests, [case for _labels, case in cases], processes, cluster)
        else:
            found = [{}] * len(cases)
            for rate in dict.fromkeys(case.rate_scale for _labels, case in cases):
                mine = [i for i, (_labels, case) in enumerate(cases) if case.rate_scale == rate]
                made, _case = _scaled(requests, cases[mine[0]][1], scale_by)
                jobs = [replace(cases[i][1], rate_scale=1.0) for i in mine]
                for i, out in zip(mine, sweep(made, jobs, processes, cluster), strict=True):
                    found[i] = out
    rows = [{"case": labels, **out} for (labels, _case), out in zip(cases, found, strict=True)]
    if as_json:
        print_json({"sweep": rows})
        return
    from rich.table import Table

    shown = Table()
    for heading in (
        *cases[0][0],
        _("replicas"),
        _("J/request"),
        _("TTFT p99 [s]"),
        _("TPOT p99 [ms]"),
        _("mean batch"),
    ):
        shown.add_column(heading, justify="right")
    for row in rows:
        shown.add_row(
            *row["case"].values(),
            str(row["replicas"]),
            _number(row["energy_per_request_j"]["mean"]),
            _number(row["ttft_s"]["p99"]),
            _number(row["tpot_s"]["p99"], 1000.0),
            _number(row["mean_batch"]),
        )
    console().print(shown)


def _number(value: float | None, scale: float = 1.0) -> str:
    return "-" if value is None else f"{value * scale:.4g}"


def _show(
    summary: dict[str, Any], costs: list[dict[str, Any]], machines_name: str, power: Any
) -> None:
    out = console()
    energy = summary["energy_j"]
    each = summary["energy_per_request_j"]
    lines = [
        _("{done} of {all} requests in {h:.3g} h on {n} replicas ({what})").format(
            done=summary["completed"],
            all=summary["requests"],
            h=summary["span_s"] / 3600,
            n=summary["replicas"],
            what=machines_name,
        ),
        _(
            "energy per request [J], server boundary, modelled: mean {m}, p05 {a}, p50 {b}, p95 {c}"
        ).format(
            m=_number(each["mean"]),
            a=_number(each["p05"]),
            b=_number(each["p50"]),
            c=_number(each["p95"]),
        ),
        _(
            "  the energy model may be off: true values are {a:.2f} to {b:.2f} times these (90 %)"
        ).format(a=summary["energy_range"][0], b=summary["energy_range"][1]),
        _("time to first token [s]: p50 {a}, p95 {b}, p99 {c}").format(
            a=_number(summary["ttft_s"]["p50"]),
            b=_number(summary["ttft_s"]["p95"]),
            c=_number(summary["ttft_s"]["p99"]),
        ),
        _("time per later token [ms]: p50 {a}, p95 {b}, p99 {c}").format(
            a=_number(summary["tpot_s"]["p50"], 1e3),
            b=_number(summary["tpot_s"]["p95"], 1e3),
            c=_number(summary["tpot_s"]["p99"], 1e3),
        ),
        _(
            "energy [kWh]: {t} = reading {p} + writing {d} + waiting {i} + host {h} + transfer {x}"
        ).format(
            t=_number(energy["total"], 1 / 3.6e6),
            p=_number(energy["prefill"], 1 / 3.6e6),
            d=_number(energy["decode"], 1 / 3.6e6),
            i=_number(energy["idle"], 1 / 3.6e6),
            h=_number(energy["host"], 1 / 3.6e6),
            x=_number(energy["transfer"], 1 / 3.6e6),
        ),
        _("power [kW]: mean {m}, peak {p}; mean batch {b}").format(
            m=_number(summary["mean_power_w"], 1e-3),
            p=_number(summary["peak_power_w"], 1e-3),
            b=_number(summary["mean_batch"]),
        ),
    ]
    for line in lines:
        out.print(line, markup=False)
    out.print(_over_time(power), markup=False)
    for row in costs:
        out.print(
            _(
                "with {n} replicas: {e} J/request, TTFT {q} {a} s, TPOT {q} {b} ms, kept {s:.2%}"
            ).format(
                q=f"p{100 * row['share']:g}",
                n=row["replicas"],
                e=_number(row["energy_per_request_j"]),
                a=_number(row["ttft_s"]),
                b=_number(row["tpot_s"], 1e3),
                s=row["slo_share_kept"],
            ),
            markup=False,
        )
    for note in summary["notes"]:
        out.print(_("note: {text}").format(text=note), markup=False)


def _over_time(power: Any, width: int = 60) -> str:
    """Power and batch as two rows of bars, from 0 to the highest."""
    import numpy as np

    rows = []
    for label, values in ((_("power"), power.total_w), (_("batch"), power.mean_batch)):
        n = min(width, len(values))
        means = [float(part.mean()) for part in np.array_split(values, n)]
        top = max(means) or 1.0
        bars = "".join(" ▁▂▃▄▅▆▇█"[round(8 * m / top)] for m in means)
        rows.append(f"{label:>6} |{bars}| 0..{top:.4g}")
    return "\n".join(rows)
