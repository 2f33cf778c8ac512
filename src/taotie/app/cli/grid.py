"""`taotie grid`: can the grid carry it? Capacity of buses, headroom of regions, splitting a cluster, dispatch and price."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, console, print_json, progress
from taotie.errors import RangeError, TaotieError
from taotie.words.language import _, language


def load_mw(text: str, pue: float) -> tuple[float, str]:
    """Megawatts at the meter from ``150MW``, ``1.2GW`` or ``100000xh100-sxm``, and how they came about.

    Examples
    --------
    >>> load_mw("150 MW", 1.2)[0], load_mw("100000xh100", 1.15)[0]
    (150.0, 120.75)
    """
    plain = text.strip().replace("_", "").replace(",", "")
    if match := re.fullmatch(r"(\d+)\s*[x*]\s*(\S+)", plain):
        from taotie.hardware.accelerator import accelerator
        from taotie.hardware.server import server_of

        if pue < 1:
            raise RangeError(
                _("pue={value} is below 1.0: a facility uses at least its IT energy.").format(
                    value=pue
                )
            )
        host = server_of(accelerator(match[2]))
        power = (host.max_power_w or host.rated_power_w) / host.accelerators
        value = round(int(match[1]) * power * pue / 1e6, 9)
        return value, _(
            "{n} x {name} at {power:.0f} W with host, PUE {pue:g}: {mw:.1f} MW at the meter"
        ).format(n=match[1], name=host.accelerator.label, power=power, pue=pue, mw=value)
    from taotie.errors import UnitError
    from taotie.quantity.quantity_text import parse_quantity

    try:
        value = parse_quantity(text, "MW", bare="MW", name="--load")
    except (UnitError, RangeError):
        value = 0.0
    if value > 0:
        return value, _("{mw:.1f} MW at the meter").format(mw=value)
    raise RangeError(
        _("--load {text} is not a load.").format(text=repr(text)),
        _("write 150MW, 1.2GW or 100000xh100."),
    )


def load_figures(text: str) -> list[Any]:
    """The published draw of a server that `load_mw` rests on; none where the load was given in watts."""
    from taotie.hardware.accelerator import accelerator
    from taotie.hardware.server import server_of
    from taotie.quantity.catalog import table

    match = re.fullmatch(r"\d+\s*[x*]\s*(\S+)", text.strip().replace("_", "").replace(",", ""))
    if match is None:
        return []
    host, cells = server_of(accelerator(match[1])), table("servers")
    quantity = "max_power" if host.max_power_w else "rated_power"
    return [cells.figure(host.name, quantity)] if host.name in cells.items() else []


def _pair(case: Any, branch: int, outage: int) -> dict[str, str | None]:
    from taotie.grid.capacity.hosting_capacity import outage_labels

    if branch < 0:
        return {"branch": None, "outage": None}
    return {
        "branch": case.branch_label(branch),
        "outage": None if outage == branch else outage_labels(case)[outage],
    }


def _limits(out: Any, limits: Any) -> None:
    out.print(_("what this leaves out:"))
    for text in limits:
        out.print(f"  - {text}", markup=False)  # a saying speaks the language in force


def _treatments(out: Any) -> None:
    out.print(_("strict: a branch already over its rating in some outage allows no worsening"))
    out.print(_("margin: every branch may be used for at least 5 % of its rating"))
    out.print(_("cutoff: branches that take less than 5 % of the new load are not looked at"))


def _table(out: Any, head: list[str], rows: list[list[str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for i, name in enumerate(head):
        table.add_column(name, justify="left" if i == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def _cases() -> list[str]:
    try:
        from taotie.grid.case.case import case_names

        return list(case_names())
    except TaotieError:
        return []


CaseName = Annotated[
    str,
    typer.Argument(
        help=_("Case by name, such as ACTIVSg2000 or RTS_GMLC, or a MATPOWER file."),
        autocompletion=_cases,
    ),
]
Load = Annotated[
    str, typer.Option("--load", "-l", help=_("New load: 150MW, 1.2GW or 100000xh100."))
]
Report = Annotated[
    Path | None, typer.Option("--report", help=_("Write the report to this HTML file."))
]
Pue = Annotated[float, typer.Option("--pue", help=_("PUE of the new building."))]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    grid = typer.Typer(help=_("Can the grid carry it?"), no_args_is_help=True)
    app.add_typer(grid, name="grid")

    @grid.command(help=_("New load every bus can take with any one branch lost."))
    def capacity(
        name: CaseName,
        load: Load = "",
        pue: Pue = 1.2,
        bus: Annotated[int | None, typer.Option("--bus", "-b", help=_("Only this bus."))] = None,
        contingencies: Annotated[
            str,
            typer.Option(
                help=_(
                    "all branches, none, or table: the branches and units of the case's own contingency table."
                )
            ),
        ] = "all",
        picture: Annotated[
            Path | None, typer.Option("--picture", help=_("Write a picture of the grid (SVG)."))
        ] = None,
        coordinates: Annotated[
            Path | None,
            typer.Option(help=_("CSV with bus_id, lat, lon for the picture and the report.")),
        ] = None,
        report: Report = None,
        as_json: Json = False,
    ) -> None:
        import time

        from taotie.grid.case.case import read_case

        wanted, how = load_mw(load, pue) if load else (None, "")
        tic = time.perf_counter()
        case = read_case(name)
        read_s = time.perf_counter() - tic
        lost: dict[str, Any] = {}  # every branch, no unit
        if contingencies == "none":
            lost = {"outages": []}
        elif contingencies == "table":
            from taotie.grid.flow.contingency import contingency_table

            table = contingency_table(case)
            lost = {"outages": table.branches, "units": table.units}
        elif contingencies != "all":
            raise RangeError(
                _("--contingencies {value} is not known.").format(value=repr(contingencies)),
                _("write all, none or table."),
            )
        if bus is not None and report is not None:
            raise RangeError(
                _("--bus and --report do not go together: the report is about every bus."),
                _("leave one of them out."),
            )
        if bus is not None:
            _one_bus(case, bus, wanted, how, lost, as_json)
            return
        page = None
        if report is not None:
            page = (report, name, load, pue, contingencies)
        _all_buses(case, wanted, how, lost, read_s, picture, coordinates, page, as_json)

    @grid.command(help=_("New load a region takes if it steps back a few hours a year."))
    def headroom(
        demand: Annotated[
            Path,
            typer.Argument(
                help=_("Hourly demand, CSV or Parquet: one column of hours, one of MW an area.")
            ),
        ],
        area: Annotated[
            list[str] | None, typer.Option("--area", "-a", help=_("Only these areas."))
        ] = None,
        limit: Annotated[
            list[float] | None,
            typer.Option("--limit", help=_("Share of energy that may be cut: 0.005 is 0.5 %.")),
        ] = None,
        first_year: Annotated[int | None, typer.Option(help=_("First whole year used."))] = None,
        last_year: Annotated[int | None, typer.Option(help=_("Last whole year used."))] = None,
        draws: Annotated[
            int, typer.Option(min=0, max=10_000, help=_("Draws of years for a range; 0 for none."))
        ] = 0,
        seed: Annotated[int, typer.Option(min=0, help=_("Seed of the draws."))] = 0,
        power: Annotated[
            float, typer.Option(min=1, help=_("Watts of one accelerator with its host."))
        ] = 1050.0,
        pue: Pue = 1.2,
        report: Report = None,
        as_json: Json = False,
    ) -> None:
        import numpy as np

        from taotie.grid.headroom import (
            HEADROOM_LIMITS,
            LIMITS,
            accelerators_that_fit,
            area_headroom,
            headroom_range_mw,
            read_hourly_demand,
        )

        series = read_hourly_demand(demand, first_year, last_year)
        limits = tuple(limit) if limit else LIMITS
        areas, total, every, ranges = [], np.zeros(len(limits)), [], {}
        with progress(_("searching"), quiet=as_json) as step:
            for one in area or series.areas:
                step(one)
                found = area_headroom(series, one, limits)
                total += found.load_mw
                every.append(found)
                for i, share in enumerate(limits):
                    row: dict[str, Any] = {
                        "area": one,
                        "limit": share,
                        "mw": round(float(found.load_mw[i]), 3),
                        "hours_per_year": round(found.hours[i].hours_per_year, 3),
                        "accelerators": int(accelerators_that_fit(found.load_mw[i], power, pue)),
                    }
                    if draws:
                        rng = np.random.default_rng([seed, i])
                        p05, p95 = np.percentile(
                            headroom_range_mw(series, one, share, rng, draws), [5, 95]
                        )
                        row |= {"p05_mw": round(float(p05), 3), "p95_mw": round(float(p95), 3)}
                        ranges[one, i] = (float(p05), float(p95))
                    areas.append(row)
        if report is not None:
            from taotie.app.pages.headroom_page import write_headroom_page

            words = ["taotie", "grid", "headroom", demand.name]
            words += [w for one in area or () for w in ("--area", one)]
            words += [w for share in limit or () for w in ("--limit", f"{share:g}")]
            for option, year in (("--first-year", first_year), ("--last-year", last_year)):
                words += [option, str(year)] if year is not None else []
            words += ["--draws", str(draws), "--seed", str(seed)] if draws else []
            words += ["--power", f"{power:g}", "--pue", f"{pue:g}", "--report", report.name]
            write_headroom_page(every, report, language(), ranges, power, pue, shlex.join(words))
        if as_json:
            print_json(
                {
                    "areas": areas,
                    "total_mw": [
                        {"limit": share, "mw": round(float(t), 3)}
                        for share, t in zip(limits, total, strict=True)
                    ],
                    "limits": [_(text) for text in HEADROOM_LIMITS],
                }
            )
            return
        out = console()
        head = [_("area"), *(f"{100 * s:g} %" for s in limits), _("hours/a"), _("accelerators")]
        rows = []
        for one in area or series.areas:
            mine = [a for a in areas if a["area"] == one]
            rows.append(
                [
                    one,
                    *(f"{a['mw']:,.0f}" for a in mine),
                    f"{mine[-1]['hours_per_year']:.0f}",
                    f"{mine[-1]['accelerators']:,}",
                ]
            )
        rows.append([_("total"), *(f"{t:,.0f}" for t in total), "", ""])
        out.print(
            _(
                "MW of constant load by share of its energy that may be cut; last columns at the largest share"
            )
        )
        _table(out, head, rows)
        if report is not None:
            out.print(_("report: {path}").format(path=report), markup=False)
        _limits(out, [_(text) for text in HEADROOM_LIMITS])

    @grid.command(help=_("Spread one training run over several sites."))
    def split(
        site: Annotated[
            list[str],
            typer.Option(
                "--site",
                "-s",
                help=_("name:MW:Tbit/s, such as A:80:1 (repeat); may go on :PUE:USD/MWh."),
            ),
        ],
        accelerators: Annotated[int, typer.Option("--accelerators", "-n", min=1)] = 100_000,
        parameters: Annotated[float, typer.Option(help=_("Parameters of the model."))] = 1.8e12,
        active: Annotated[float, typer.Option(help=_("Parameters used per token."))] = 280e9,
        tokens: Annotated[float, typer.Option(help=_("Tokens of one optimizer step."))] = 60e6,
        peak: Annotated[float, typer.Option(help=_("TFLOP/s of one accelerator."))] = 989.4,
        mfu: Annotated[float, typer.Option(help=_("Share of the peak achieved."))] = 0.4,
        power: Annotated[
            float, typer.Option(help=_("Watts of one accelerator with its host."))
        ] = 1050.0,
        local_steps: Annotated[float, typer.Option(help=_("Steps between two exchanges."))] = 1.0,
        compression: Annotated[float, typer.Option(help=_("Times smaller on the wire."))] = 1.0,
        overlap: Annotated[
            float, typer.Option(help=_("Share of computing time that hides the exchange."))
        ] = 0.0,
        as_json: Json = False,
    ) -> None:
        from taotie.grid.cluster_split import TrainingStep, best_split

        step = TrainingStep(
            parameters, active, tokens, peak * 1e12, mfu, power, compression=compression,
            local_steps=local_steps, overlap=overlap,
        )  # fmt: skip
        found = best_split([_site(text) for text in site], step, accelerators)
        answer = {
            "sites": [
                {"site": s.name, "accelerators": n, "mw": round(n * power * s.pue / 1e6, 3)}
                for s, n in zip(found.sites, found.accelerators, strict=True)
            ],
            "compute_s": found.compute_s,
            "exchange_s": found.exchange_s,
            "step_s": found.step_s,
            "efficiency": found.efficiency,
            "useful_efficiency": found.useful_efficiency,
            "tokens_per_s": found.tokens_per_s,
            "power_mw": found.power_mw,
            "energy_mwh_per_step": found.energy_mwh_per_step,
            "cost_usd_per_step": found.cost_usd_per_step,
            "limits": [_(text) for text in found.limits],
        }
        if as_json:
            print_json(answer)
            return
        out = console()
        _table(
            out, [_("site"), _("accelerators"), "MW"],
            [[str(s["site"]), f"{s['accelerators']:,}", f"{s['mw']:.1f}"] for s in answer["sites"]],  # type: ignore[attr-defined]
        )  # fmt: skip
        out.print(
            _(
                "step {step:.2f} s: {compute:.2f} s computing, exchange of {exchange:.2f} s every {h:g} steps"
            ).format(
                step=found.step_s, compute=found.compute_s, exchange=found.exchange_s, h=local_steps
            )
        )
        out.print(
            _("efficiency {e:.1%}, {u:.1%} after the tokens local steps add; {mw:.1f} MW").format(
                e=found.efficiency, u=found.useful_efficiency, mw=found.power_mw
            )
        )
        _limits(out, answer["limits"])

    @grid.command(help=_("Cheapest dispatch and prices, before and after a new load."))
    def dispatch(
        name: CaseName,
        bus: Annotated[
            int | None, typer.Option("--bus", "-b", help=_("Where the new load stands."))
        ] = None,
        load: Load = "",
        pue: Pue = 1.2,
        n_1: Annotated[
            bool, typer.Option("--n-1", help=_("Keep every rating after any one outage too."))
        ] = False,
        shed: Annotated[
            float | None,
            typer.Option("--value-of-lost-load", help=_("Allow load to be shed at this $/MWh.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        _dispatch(name, bus, load, pue, n_1, shed, as_json)


def _site(text: str) -> Any:
    from taotie.grid.cluster_split import Site

    fields = text.split(":")
    try:
        numbers = [float(f) for f in fields[1:]]
        if not 2 <= len(numbers) <= 4 or not fields[0]:
            raise ValueError
    except ValueError:
        raise RangeError(
            _("--site {text} is not name:MW:Tbit/s.").format(text=repr(text)), "--site Texas:80:1"
        ) from None
    return Site(fields[0], numbers[0], numbers[1] * 1e12, *numbers[2:])


def _one_bus(
    case: Any, bus: int, wanted: float | None, how: str, lost: dict[str, Any], as_json: bool
) -> None:
    from taotie.grid.capacity.hosting_capacity import hosting_capacity_at_bus

    found = hosting_capacity_at_bus(case, bus, **lost)
    if as_json:
        answer: dict[str, Any] = {
            "case": case.name,
            "n_bus": case.n_bus,
            "n_branch": case.n_branch,
            "limits": [str(one) for one in found.limits],
            "buses": [
                {
                    "bus": bus,
                    "n0_mw": found.n0_mw["strict"],
                    **{f"{way}_mw": mw for way, mw in found.n1_mw.items()},
                    "binding": _pair(case, *found.binding["strict"]),
                    "binding_by_treatment": {w: _pair(case, *p) for w, p in found.binding.items()},
                    "n1_supply": found.n1_supply,
                }
            ],
            "spare_generation_mw": found.spare_generation_mw,
        }
        if wanted is not None:
            answer["load_mw"] = wanted
            answer["takes_load"] = {way: mw >= wanted for way, mw in found.n1_mw.items()}
        print_json(answer)
        return
    out = console()
    out.print(
        _("bus {bus} of {case} ({licence})").format(
            bus=found.bus_label, case=case.name, licence=case.licence
        )
    )
    if wanted is not None:
        out.print(how)
    rows = []
    for way, mw in found.n1_mw.items():
        row = [way, f"{found.n0_mw[way]:,.1f}", f"{mw:,.1f}", found.binding_label[way]]
        rows.append(row if wanted is None else [*row, _("yes") if mw >= wanted else _("no")])
    head = [_("treatment"), "N-0 MW", "N-1 MW", _("limited by")]
    _table(out, head if wanted is None else [*head, _("takes the load")], rows)
    _treatments(out)
    if not found.n1_supply:
        out.print(
            _("one outage cuts this bus off: the figure is a credit on the intact branch to it")
        )
    _limits(out, found.limits)


def _all_buses(
    case: Any,
    wanted: float | None,
    how: str,
    lost: dict[str, Any],
    read_s: float,
    picture: Path | None,
    coordinates: Path | None,
    page: tuple[Path, str, str, float, str] | None,
    as_json: bool,
) -> None:
    import numpy as np

    from taotie.grid.capacity.hosting_capacity import load_hosting_capacity

    with progress(_("searching every bus of {case}").format(case=case.name), quiet=as_json):
        found = load_hosting_capacity(case, **lost)
    if picture is not None:
        from taotie.app.charts.grid_svg import grid_svg
        from taotie.files.atomic import write_text
        from taotie.grid.picture import grid_picture

        top = (
            max(2 * wanted, 1.0)
            if wanted
            else float(np.percentile(found.margin.load_hosting_capacity_mw, 90)) or 1.0
        )
        title = _("{case}: MW of new load each bus takes, any one branch lost (5 % margin)").format(
            case=case.name
        )
        write_text(
            picture,
            grid_svg(
                grid_picture(case, coordinates, registered=True),
                found.margin.load_hosting_capacity_mw,
                title,
                top,
            ),
        )
    if page is not None:
        _capacity_page(found, coordinates, wanted, *page)
    if as_json:
        from taotie.grid.capacity.hosting_capacity import outage_labels
        from taotie.grid.capacity.limiting import limiting_pairs

        labels = outage_labels(case)
        none: dict[str, str | None] = {"branch": None, "outage": None}

        def pair(way: Any, i: int) -> dict[str, str | None]:
            l, k = int(way.binding_branch[i]), int(way.binding_outage[i])
            return none if l < 0 else {"branch": labels[l], "outage": None if k == l else labels[k]}

        ways = found.by_treatment
        answer: dict[str, Any] = {
            "case": case.name,
            "n_bus": case.n_bus,
            "n_branch": case.n_branch,
            "licence": case.licence,
            "seconds": {"read": read_s, **found.seconds},
            "limits": [str(one) for one in found.limits],
            "spare_generation_mw": found.spare_generation_mw,
            "worst_loading": found.worst_loading,
            "worst_pair": _pair(case, *found.worst_pair),
            "pairs_over": found.pairs_over,
            "limiting": {
                name: [
                    {**_pair(case, p.branch, p.outage), "buses": p.buses}
                    for p in limiting_pairs(found, name)[:15]
                ]
                for name in ways
            },
            "buses": [
                {
                    "bus": int(number),
                    "n0_mw": float(found.strict.n0_mw[i]),
                    **{
                        f"{name}_mw": float(way.load_hosting_capacity_mw[i])
                        for name, way in ways.items()
                    },
                    "binding": pair(found.strict, i),
                    "binding_by_treatment": {name: pair(way, i) for name, way in ways.items()},
                    "n1_supply": bool(found.n1_supply[i]),
                }
                for i, number in enumerate(case.bus_number)
            ],
        }
        if wanted is not None:
            answer["load_mw"] = wanted
            answer["share_of_buses"] = {
                name: way.share_of_buses(wanted) for name, way in ways.items()
            }
        print_json(answer)
        return
    out = console()
    out.print(
        _("{case}: {buses} buses, {branches} branches, {load:.1f} GW of load ({licence})").format(
            case=case.name,
            buses=case.n_bus,
            branches=case.n_branch,
            load=case.total_load_mw / 1e3,
            licence=case.licence,
        )
    )
    if wanted is not None:
        out.print(how)
    head = [_("treatment"), "5 %", "25 %", _("median"), "75 %", "95 %"]
    rows = []
    for name, way in found.by_treatment.items():
        quantiles = np.percentile(way.load_hosting_capacity_mw, [5, 25, 50, 75, 95])
        row = [name, *(f"{q:,.1f}" for q in quantiles)]
        rows.append(row if wanted is None else [*row, f"{way.share_of_buses(wanted):.1%}"])
    out.print(_("MW of new load a bus takes with any one branch lost, over all buses:"))
    _table(out, head if wanted is None else [*head, _("take the load")], rows)
    _treatments(out)
    _first_limits(out, found)
    if page is not None:
        out.print(_("report: {path}").format(path=page[0]), markup=False)
    if found.worst_loading > 1:
        from taotie.grid.capacity.hosting_capacity import binding_label

        out.print(
            _("before any load: {n} pairs over their rating, the worst {pair}: {worst:.0%}").format(
                n=found.pairs_over,
                pair=binding_label(case, found.worst_pair),
                worst=found.worst_loading,
            ),
            markup=False,
        )
    _limits(out, found.limits)


def _capacity_page(
    found: Any,
    coordinates: Path | None,
    wanted: float | None,
    report: Path,
    name: str,
    load: str,
    pue: float,
    contingencies: str,
) -> None:
    from taotie.app.pages.grid_page import write_capacity_page
    from taotie.grid.picture import CapacityPicture, grid_picture
    from taotie.words.said import in_each_language

    drawn = grid_picture(found.case, coordinates, registered=True)
    words = ["taotie", "grid", "capacity", name]
    words += ["--load", load, "--pue", f"{pue:g}"] if load else []
    words += ["--contingencies", contingencies] if contingencies != "all" else []
    words += ["--coordinates", coordinates.name] if coordinates is not None else []
    said = in_each_language(lambda: _("{text}.").format(text=load_mw(load, pue)[1])) if load else {}
    write_capacity_page(
        CapacityPicture(found, drawn, wanted, contingencies),
        report,
        language(),
        said,
        load_figures(load) if load else (),
        shlex.join([*words, "--report", report.name]),
    )


def _first_limits(out: Any, found: Any) -> None:
    """The pairs that bind most buses."""
    from taotie.grid.capacity.limiting import limiting_pairs, pair_words

    names = [f"{pair_words(found, p)} ({p.buses})" for p in limiting_pairs(found, "margin")[:5]]
    out.print(_("what binds most buses (5 % margin): {names}").format(names="; ".join(names)))


def _dispatch(
    name: str, bus: int | None, load: str, pue: float, n_1: bool, shed: float | None, as_json: bool
) -> None:
    import numpy as np

    from taotie.grid.case.case import read_case
    from taotie.grid.dispatch.effects import dispatch_emissions, fuel_shares, unit_factors_t_per_mwh
    from taotie.grid.dispatch.optimal import optimal_dispatch

    if bool(load) != (bus is not None):
        raise RangeError(
            _("--bus and --load go together: where, and how much."), "--bus 1001 --load 150MW"
        )
    case = read_case(name)
    wanted = load_mw(load, pue)[0] if load else 0.0
    place = int(case.bus_number[0]) if bus is None else bus
    row = int(case.rows_of_bus([place])[0])
    states = (
        {"before": case} if bus is None else {"before": case, "after": case.with_load(bus, wanted)}
    )
    answer: dict[str, Any] = {"case": case.name, "bus": bus, "load_mw": wanted}
    for state, one in states.items():
        best = optimal_dispatch(one, value_of_lost_load=shed, n_1=n_1)
        prices = best.price_usd_per_mwh[np.isfinite(best.price_usd_per_mwh)]
        result: dict[str, Any] = {
            "cost_usd_per_h": best.cost_usd_per_h,
            "price_usd_per_mwh": {
                "lowest": float(prices.min()),
                "median": float(np.median(prices)),
                "highest": float(prices.max()),
                "at_bus": None if bus is None else float(best.price_usd_per_mwh[row]),
            },
            "shed_mw": float(best.shed_mw.sum()),
            "congested": [
                _pair(case, int(l), int(k))
                for l, k in zip(best.congested_branch, best.congested_outage, strict=True)
            ],
            "fuels": {fuel: round(share, 6) for fuel, share in fuel_shares(best).items()},
        }
        if fuel_shares(best):
            carbon = dispatch_emissions(best, unit_factors_t_per_mwh(case), place)
            result["average_g_per_kwh"] = carbon.average_g_per_kwh
            marginal = carbon.marginal_g_per_kwh
            result["marginal_g_per_kwh_at_bus"] = (
                None if bus is None or not np.isfinite(marginal) else marginal
            )
        answer[state] = result
    if as_json:
        print_json(answer)
        return
    out = console()
    keys = ("lowest", "median", "highest", "at_bus")
    rows = []
    for state in states:
        prices_of = answer[state]["price_usd_per_mwh"]
        rows.append(
            [
                _("before") if state == "before" else _("after"),
                f"{answer[state]['cost_usd_per_h']:,.0f}",
                *("-" if prices_of[k] is None else f"{prices_of[k]:.2f}" for k in keys),
                str(len(answer[state]["congested"])),
                f"{answer[state]['average_g_per_kwh']:.0f}" if answer[state]["fuels"] else "-",
            ]
        )
    head = [
        "",
        "$/h",
        _("lowest $/MWh"),
        _("median"),
        _("highest"),
        _("at bus"),
        _("full branches"),
        "g/kWh",
    ]
    _table(out, head, rows)
    out.print(_("units in service as in the case; DC; {licence}").format(licence=case.licence))
