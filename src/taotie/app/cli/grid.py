"""`taotie grid`: can the grid carry it? Capacity of buses, headroom of regions, splitting a cluster, dispatch and price.

The asks compute; here their answers are shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, Report, register_ask
from taotie.app.cli.common import console
from taotie.app.cli.shown import print_answer, print_files, print_limits, print_said, print_table
from taotie.errors import RangeError
from taotie.words.language import N_, _, language
from taotie.words.said import in_each_language


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


def register(app: typer.Typer) -> None:
    """Add the command group."""
    grid = typer.Typer(help=_("Can the grid carry it?"), no_args_is_help=True)
    app.add_typer(grid, name="grid")
    table = typer.Option("--table", help=_("Write all buses to this .csv, .parquet or .geojson."))
    picture = typer.Option("--picture", help=_("Write a picture of the grid (SVG)."))
    extras = (
        Extra("table", Annotated[Path | None, table]),
        Extra("picture", Annotated[Path | None, picture]),
        Report,
    )
    register_ask(grid, "capacity", _show_capacity, extras, before=_every_bus_on_a_page)
    register_ask(grid, "sites", _show_sites)
    register_ask(grid, "headroom", _show_headroom, (Report,))
    register_ask(grid, "split", lambda answer, door: print_answer(answer, door["json"], ("sites",)))
    register_ask(grid, "dispatch", _show_dispatch)


def _every_bus_on_a_page(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    if settings.get("bus") and door["report"] is not None:
        raise RangeError(
            _("--bus and --report do not go together: the report is about every bus."),
            _("leave one of them out."),
        )
    return False


def _show_capacity(answer: Any, door: dict[str, Any]) -> None:
    bus = answer.settings["bus"] is not None
    if door["table"] is not None:
        from taotie.answer.bus_table import write_bus_table

        write_bus_table(answer.own["buses"], door["table"])
        answer = answer.with_files(str(door["table"]))
    if door["picture"] is not None and not bus:
        _picture(answer, door["picture"])
        answer = answer.with_files(str(door["picture"]))
    if door["report"] is not None:
        _capacity_page(answer, door["report"], door["command"])
    if door["json"]:
        print_answer(answer, True)
    elif bus:
        _show_bus(answer)
    else:
        _show_buses(answer, door["report"])


def _show_sites(answer: Any, door: dict[str, Any]) -> None:
    if door["json"]:
        print_answer(answer, True)
        return
    print_said(answer.said)
    print_table(answer.tables["sites"])
    print_limits(answer.limits)


def _show_headroom(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.pages.headroom_page import write_headroom_page

        detail = answer.detail
        write_headroom_page(
            list(detail.every), door["report"], language(), detail.ranges, detail.power_w, detail.pue,
            door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    if door["json"]:
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


def _picture(answer: Any, path: Path) -> None:
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
    drawn = grid_picture(found.case, answer.detail.coordinates, registered=True)
    write_text(path, grid_svg(drawn, mw, title, top))


def _capacity_page(answer: Any, report: Path, command: str) -> None:
    from taotie.app.pages.grid_page import write_capacity_page
    from taotie.grid.picture import CapacityPicture, grid_picture

    detail = answer.detail
    drawn = grid_picture(detail.found.case, detail.coordinates, registered=True)
    said = {}
    if detail.load_words is not None:
        said = in_each_language(lambda: _("{text}.").format(text=detail.load_words.text()))
    write_capacity_page(
        CapacityPicture(
            detail.found, drawn, detail.load_mw, detail.contingencies, answer.said, _best(answer)
        ),
        report,
        language(),
        said,
        detail.load_figures,
        command,
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


def _show_dispatch(answer: Any, door: dict[str, Any]) -> None:
    if door["json"]:
        print_answer(answer, True)
        return
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
