"""`taotie grid`: can the grid carry it? Capacity of buses, headroom of regions, splitting a cluster, dispatch and price.

The asks compute; here their answers are shown.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, console, progress
from taotie.app.cli.shown import print_answer, print_files, print_limits, print_said, print_table
from taotie.errors import RangeError, TaotieError
from taotie.words.language import N_, _, language
from taotie.words.said import Said, in_each_language


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


def _table(out: Any, head: list[str], rows: list[list[str]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for i, name in enumerate(head):
        table.add_column(name, justify="left" if i == 0 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def _treatments(out: Any, strict: bool) -> None:
    if strict:
        out.print(_("strict: a branch already over its rating in some outage allows no worsening"))
    out.print(_("margin: every branch may be used for at least 5 % of its rating"))
    out.print(_("cutoff: branches that take less than 5 % of the new load are not looked at"))


def _cases() -> list[str]:
    try:
        from taotie.grid.case.case import case_names

        return list(case_names())
    except TaotieError:
        return []


def _near(text: str) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise RangeError(
            _("--near {text} is not LAT,LON.").format(text=repr(text)), "--near 31.5,-97.1"
        ) from None
    return lat, lon


CaseName = Annotated[
    str,
    typer.Argument(
        help=_(
            "Case by name, such as ACTIVSg2000 or RTS_GMLC, or a file: MATPOWER, PSS/E, CGMES, IIDM, UCTE, pandapower, PyPSA."
        ),
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
Bus = Annotated[str, typer.Option("--bus", "-b", help=_("Only this bus, by number or name."))]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    grid = typer.Typer(help=_("Can the grid carry it?"), no_args_is_help=True)
    app.add_typer(grid, name="grid")

    @grid.command(help=_("New load every bus can take with any one branch lost."))
    def capacity(
        name: CaseName,
        load: Load = "",
        pue: Pue = 1.2,
        bus: Bus = "",
        near: Annotated[
            str, typer.Option("--near", help=_("LAT,LON: the nearest buses stand first."))
        ] = "",
        top: Annotated[
            int, typer.Option("--top", min=0, help=_("How many buses are listed by name."))
        ] = 10,
        contingencies: Annotated[
            str,
            typer.Option(
                help=_(
                    "all branches, none, or table: the branches and units of the case's own contingency table."
                )
            ),
        ] = "all",
        dispatch: Annotated[
            str,
            typer.Option(
                "--dispatch",
                help=_(
                    "Output of the units: file, optimal (cheapest) or n-1 (cheapest and secure)."
                ),
            ),
        ] = "",
        post_outage_rating: Annotated[
            str, typer.Option("--post-outage-rating", help=_("Rating after an outage: a, b or c."))
        ] = "a",
        table: Annotated[
            Path | None,
            typer.Option("--table", help=_("Write all buses to this .csv, .parquet or .geojson.")),
        ] = None,
        picture: Annotated[
            Path | None, typer.Option("--picture", help=_("Write a picture of the grid (SVG)."))
        ] = None,
        coordinates: Annotated[
            Path | None,
            typer.Option(help=_("CSV with bus_id, lat, lon for the picture and the report.")),
        ] = None,
        report: Report = None,
        redispatch: Annotated[
            bool,
            typer.Option("--redispatch", help=_("Units may be told anew what to give; exact.")),
        ] = False,
        units_off: Annotated[
            bool, typer.Option("--units-off", help=_("With --redispatch: units may also go off."))
        ] = False,
        unit_outages: Annotated[
            bool,
            typer.Option("--unit-outages", help=_("With --redispatch: single units may trip too.")),
        ] = False,
        move: Annotated[
            float | None,
            typer.Option(
                "--move", help=_("With --redispatch: share of its Pmax by which a unit may move.")
            ),
        ] = None,
        hours: Annotated[
            str,
            typer.Option(
                "--hours",
                help=_(
                    "Load by hour: year (the scenarios of the case) or a CSV, one column a bus number."
                ),
            ),
        ] = "",
        curtail: Annotated[
            str,
            typer.Option(
                "--curtail", help=_("Shares of its energy that may be cut: 0,0.25%,0.5%,1%,5%.")
            ),
        ] = "",
        calls: Annotated[
            int | None,
            typer.Option("--calls", help=_("How often the load may be called in these hours.")),
        ] = None,
        depth: Annotated[
            float | None,
            typer.Option("--depth", help=_("Share of the load that may be off at most.")),
        ] = None,
        ac: Annotated[
            bool, typer.Option("--ac", help=_("Prove the redispatched answer in AC, every outage."))
        ] = False,
        ac_every: Annotated[
            bool,
            typer.Option(
                "--ac-every", help=_("With --ac: solve all outages at the answer, foretell none.")
            ),
        ] = False,
        power_factor: Annotated[
            float, typer.Option("--power-factor", help=_("Of the new load, in AC."))
        ] = 0.98,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.capacity import capacity as ask
        from taotie.answer.capacity_more import More, shares_of, with_more_of

        wanted = load_mw(load, pue)[0] if load else None
        if bus and report is not None:
            raise RangeError(
                _("--bus and --report do not go together: the report is about every bus."),
                _("leave one of them out."),
            )
        with progress(_("searching every bus of {case}").format(case=name), quiet=as_json):
            answer = ask(
                name, wanted, bus=bus or None, near=_near(near), contingencies=contingencies,
                dispatch=dispatch or None, post_outage_rating=post_outage_rating, top=top,
                coordinates=coordinates, load_words=_load_said(load, pue),
            )  # fmt: skip
        answer = with_more_of(
            answer,
            name,
            More(
                redispatch, units_off, unit_outages, move, hours,
                shares_of(curtail) if curtail else (), calls, depth, ac or ac_every, ac_every,
                power_factor,
            ),
        )  # fmt: skip
        if table is not None:
            from taotie.answer.bus_table import write_bus_table

            write_bus_table(answer.own["buses"], table)
            answer = answer.with_files(str(table))
        if picture is not None and not bus:
            _picture(answer, picture, coordinates)
            answer = answer.with_files(str(picture))
        if report is not None:
            words = ["taotie", "grid", "capacity", name]
            words += ["--load", load, "--pue", f"{pue:g}"] if load else []
            words += ["--contingencies", contingencies] if contingencies != "all" else []
            words += ["--dispatch", dispatch] if dispatch else []
            if post_outage_rating != "a":
                words += ["--post-outage-rating", post_outage_rating]
            words += ["--coordinates", coordinates.name] if coordinates is not None else []
            _capacity_page(
                answer, load, pue, coordinates, report, [*words, "--report", report.name]
            )
        if as_json:
            print_answer(answer, True)
        elif bus:
            _show_bus(answer)
        else:
            _show_buses(answer, report)

    @grid.command(help=_("New load that several buses take together, units told anew."))
    def sites(
        name: CaseName,
        bus: Annotated[
            list[int], typer.Option("--bus", "-b", help=_("Number of a bus; once for each site."))
        ],
        most: Annotated[
            list[float] | None,
            typer.Option("--most", help=_("Largest load wanted at each, in the same order. [MW]")),
        ] = None,
        units_off: Annotated[
            bool, typer.Option("--units-off", help=_("Units may also go off."))
        ] = False,
        move: Annotated[
            float | None,
            typer.Option("--move", help=_("Share of its Pmax by which a unit may move.")),
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.capacity_more import sites as ask

        answer = ask(name, bus, most, units_off, move)
        if as_json:
            print_answer(answer, True)
            return
        print_said(answer.said)
        print_table(answer.tables["sites"])
        print_limits(answer.limits)

    @grid.command(help=_("New load a region takes if it steps back a few hours a year."))
    def headroom(
        demand: Annotated[
            str,
            typer.Argument(
                help=_(
                    "Demand by the hour, CSV or Parquet: one column of times, one of MW an area; or a US balancing area by name, such as ERCOT."
                )
            ),
        ],
        area: Annotated[
            list[str] | None, typer.Option("--area", "-a", help=_("Only these areas."))
        ] = None,
        limit: Annotated[
            list[float] | None,
            typer.Option("--limit", help=_("Share of energy that may be cut: 0.005 is 0.5 %.")),
        ] = None,
        first_year: Annotated[int | None, typer.Option(help=_("First year used."))] = None,
        last_year: Annotated[int | None, typer.Option(help=_("Last year used."))] = None,
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
        from taotie.answer.headroom import headroom as ask

        options: dict[str, Any] = {"limits": tuple(limit)} if limit else {}
        with progress(_("searching"), quiet=as_json):
            answer = ask(
                demand, area or (), first_year=first_year, last_year=last_year, draws=draws, seed=seed,
                power_w=power, pue=pue, **options,
            )  # fmt: skip
        if report is not None:
            from taotie.app.pages.headroom_page import write_headroom_page

            words = ["taotie", "grid", "headroom", Path(demand).name]
            words += [w for one in area or () for w in ("--area", one)]
            words += [w for share in limit or () for w in ("--limit", f"{share:g}")]
            for option, year in (("--first-year", first_year), ("--last-year", last_year)):
                words += [option, str(year)] if year is not None else []
            words += ["--draws", str(draws), "--seed", str(seed)] if draws else []
            words += ["--power", f"{power:g}", "--pue", f"{pue:g}", "--report", report.name]
            detail = answer.detail
            write_headroom_page(
                list(detail.every), report, language(), detail.ranges, power, pue, shlex.join(words)
            )
            answer = answer.with_files(str(report))
        if as_json:
            print_answer(answer, True)
            return
        out = console()
        out.print(
            _(
                "MW of constant load by share of its energy that may be cut; last columns at the largest share"
            )
        )
        print_table(answer.tables["areas"])
        total = "; ".join(
            f"{100 * one['limit']:g} %: {one['mw']:,.0f} MW" for one in answer.own["total_mw"]
        )
        out.print(f"{_('total')}: {total}", markup=False)
        print_said(answer.said)
        print_limits(answer.limits)
        print_files(answer.files)

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
        from taotie.answer.split import split as ask

        answer = ask(
            [_site(text) for text in site], accelerators, parameters=parameters, active=active,
            tokens=tokens, peak_tflops=peak, mfu=mfu, power_w=power, local_steps=local_steps,
            compression=compression, overlap=overlap,
        )  # fmt: skip
        print_answer(answer, as_json, ("sites",))

    @grid.command(help=_("Cheapest dispatch and prices, before and after a new load."))
    def dispatch(
        name: CaseName,
        bus: Annotated[
            str,
            typer.Option("--bus", "-b", help=_("Where the new load stands, by number or name.")),
        ] = "",
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
        from taotie.answer.dispatch import dispatch as ask

        answer = ask(
            name, bus=bus or None, load_mw=load_mw(load, pue)[0] if load else None, n_1=n_1,
            value_of_lost_load=shed,
        )  # fmt: skip
        if as_json:
            print_answer(answer, True)
        else:
            _show_dispatch(answer)


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


def _load_said(load: str, pue: float) -> Said | None:
    if not load:
        return None
    return Said("load", "", {}, in_each_language(lambda: load_mw(load, pue)[1]))


def _show_bus(answer: Any) -> None:
    """One bus, all treatments."""
    out, found, own = console(), answer.detail, answer.own
    out.print(
        _("bus {bus} of {case} ({licence})").format(
            bus=found.bus_label, case=own["case"], licence=own["licence"]
        ),
        markup=False,
    )
    print_said(answer.said)
    rows = []
    takes = own.get("takes_load")
    for way, mw in found.n1_mw.items():
        row = [way, f"{found.n0_mw[way]:,.1f}", f"{mw:,.1f}", found.binding_label[way]]
        rows.append(row if takes is None else [*row, _("yes") if takes[way] else _("no")])
    head = [_("treatment"), "N-0 MW", "N-1 MW", _("limited by")]
    _table(out, head if takes is None else [*head, _("takes the load")], rows)
    _treatments(out, strict=True)
    _show_more(answer)
    print_limits(answer.limits)
    print_files(answer.files)


def _show_more(answer: Any) -> None:
    """What was asked for beside fixed shares: units told anew, hours, AC."""
    for name in ("more", "worst_hours"):
        if name in answer.tables:
            console().print(_(answer.tables[name].label) + ":")
            print_table(answer.tables[name])


def _show_buses(answer: Any, report: Path | None) -> None:
    """All buses: what is said, the spread of the answers, the best buses by name."""
    import numpy as np

    from taotie.grid.capacity.limiting import limiting_pairs, pair_words

    out, found, own = console(), answer.detail.found, answer.own
    case, wanted = found.case, answer.detail.load_mw
    out.print(
        _("{case}: {buses} buses, {branches} branches, {load:.1f} GW of load ({licence})").format(
            case=case.name, buses=case.n_bus, branches=case.n_branch, load=case.total_load_mw / 1e3,
            licence=case.licence,
        ),
        markup=False,
    )  # fmt: skip
    print_said(answer.said)
    secure = bool(own["dispatch"]["n1_secure"])
    head = [_("treatment"), "5 %", "25 %", _("median"), "75 %", "95 %"]
    rows = []
    for name, way in found.by_treatment.items():
        if name == "strict" and not secure:
            continue
        quantiles = np.percentile(way.load_hosting_capacity_mw, [5, 25, 50, 75, 95])
        row = [name, *(f"{q:,.1f}" for q in quantiles)]
        rows.append(row if wanted is None else [*row, f"{own['share_of_buses'][name]:.1%}"])
    out.print(_("MW of new load a bus takes with any one branch lost, over all buses:"))
    _table(out, head if wanted is None else [*head, _("take the load")], rows)
    _treatments(out, secure)
    _show_more(answer)
    if answer.tables["top"].rows:
        out.print(
            _("the nearest buses that take the load first:")
            if answer.settings["near"] and wanted is not None
            else _("the nearest buses:")
            if answer.settings["near"]
            else _("the best buses:")
        )
        print_table(answer.tables["top"])
    names = [f"{pair_words(found, p)} ({p.buses})" for p in limiting_pairs(found, "margin")[:5]]
    out.print(
        _("what binds most buses (5 % margin): {names}").format(names="; ".join(names)),
        markup=False,
    )
    if report is not None:
        out.print(_("report: {path}").format(path=report), markup=False)
    print_limits(answer.limits)
    print_files(answer.files)


def _picture(answer: Any, path: Path, coordinates: Path | None) -> None:
    import numpy as np

    from taotie.app.charts.grid_svg import grid_svg
    from taotie.files.atomic import write_text
    from taotie.grid.picture import grid_picture

    found, wanted = answer.detail.found, answer.detail.load_mw
    mw = found.margin.load_hosting_capacity_mw
    top = max(2 * wanted, 1.0) if wanted else float(np.percentile(mw, 90)) or 1.0
    title = _("{case}: MW of new load each bus takes, any one branch lost (5 % margin)").format(
        case=found.case.name
    )
    drawn = grid_picture(found.case, coordinates, registered=True)
    write_text(path, grid_svg(drawn, mw, title, top))


def _capacity_page(
    answer: Any, load: str, pue: float, coordinates: Path | None, report: Path, words: list[str]
) -> None:
    from taotie.app.pages.grid_page import write_capacity_page
    from taotie.grid.picture import CapacityPicture, grid_picture

    detail = answer.detail
    drawn = grid_picture(detail.found.case, coordinates, registered=True)
    said = in_each_language(lambda: _("{text}.").format(text=load_mw(load, pue)[1])) if load else {}
    write_capacity_page(
        CapacityPicture(
            detail.found, drawn, detail.load_mw, detail.contingencies, answer.said, _best(answer)
        ),
        report,
        language(),
        said,
        load_figures(load) if load else (),
        shlex.join(words),
    )


def _best(answer: Any) -> tuple[tuple[str, float], ...]:
    """The buses of the table by number and name, with what they take."""
    table = answer.tables["top"]
    return tuple(
        (f"{bus} {name}".strip(), mw)
        for bus, name, mw in zip(
            table.column("bus"), table.column("name"), table.column("firm_mw"), strict=True
        )
    )


def _show_dispatch(answer: Any) -> None:
    out, own = console(), answer.own
    keys = ("lowest", "median", "highest", "at_bus")
    rows = []
    for state, word in (("before", N_("before")), ("after", N_("after"))):
        if state not in own:
            continue
        one = own[state]
        prices = one["price_usd_per_mwh"]
        rows.append(
            [
                _(word),
                f"{one['cost_usd_per_h']:,.0f}",
                *("-" if prices[k] is None else f"{prices[k]:.2f}" for k in keys),
                str(len(one["congested"])),
                f"{one['average_g_per_kwh']:.0f}" if one["fuels"] else "-",
            ]
        )
    head = ["", "$/h", _("lowest $/MWh"), _("median"), _("highest"), _("at bus"), _("full branches"), "g/kWh"]  # fmt: skip
    _table(out, head, rows)
    print_said(answer.said)
    out.print(
        _("units in service as in the case; DC; {licence}").format(licence=own["licence"]),
        markup=False,
    )
    print_limits(answer.limits)
