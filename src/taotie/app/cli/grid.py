"""`taotie grid`: can the grid carry it? Capacity of buses, headroom of regions, splitting a cluster, dispatch and price.

The asks compute; here their answers are shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, kept, register_ask, report
from taotie.app.cli.common import console
from taotie.app.cli.shown import print_answer, print_files, print_limits, print_said, print_table
from taotie.errors import RangeError
from taotie.words.language import _, language
from taotie.words.said import in_each_language

WRITTEN_ENDINGS = (".m", ".mat", ".json", ".nc", ".xiidm")


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
        report(),
        kept(
            _(
                "Write the grid with the load placed to this .m, .mat, .json (pandapower), .nc (PyPSA) or .xiidm."
            ),
            endings=WRITTEN_ENDINGS,
        ),
    )
    register_ask(grid, "capacity", _show_capacity, extras, before=_every_bus_on_a_page)
    register_ask(grid, "sites", _show_sites)
    register_ask(grid, "headroom", _show_headroom, (report(),))
    register_ask(grid, "split", lambda answer, door: print_answer(answer, door["json"], ("sites",)))
    register_ask(grid, "dispatch", _show_dispatch)


def _every_bus_on_a_page(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    if door["write"] is not None and not (settings.get("bus") and settings.get("load")):
        raise RangeError(
            _("--write needs a bus and a load to place there."), "--bus 1 --load 100MW"
        )
    if settings.get("bus") and door["report"] is not None:
        raise RangeError(
            _("--bus and --report do not go together: the report is about every bus."),
            _("leave one of them out."),
        )
    return False


def _show_capacity(answer: Any, door: dict[str, Any]) -> None:
    bus = answer.settings["bus"] is not None
    if door["table"] is not None:
        from taotie.answer.table_file import write_bus_table

        write_bus_table(answer.own["buses"], door["table"])
        answer = answer.with_files(str(door["table"]))
    if door["write"] is not None:
        from taotie.answer.capacity_written import write_placed

        answer = write_placed(answer, door["write"])
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
            door["command"], answer.said,
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
    print_table(answer.tables["treatments"])
    _treatments(out, strict=True)
    _show_more(answer)
    print_limits(answer.limits)
    print_files(answer.files)


def _show_more(answer: Any) -> None:
    """What was asked for beside fixed shares: units told anew, hours, AC."""
    for name in ("more", "worst_hours", "worst_months", "ac_check"):
        if name in answer.tables:
            console().print(_(answer.tables[name].label) + ":")
            print_table(answer.tables[name])


def _show_buses(answer: Any, report: Path | None) -> None:
    """All buses: what is said, the spread of the answers, the best buses by name."""
    from taotie.answer.capacity_shown import binds_most

    out, own = console(), answer.own
    case, wanted = answer.detail.found.case, answer.detail.load_mw
    out.print(
        _("{case}: {buses} buses, {branches} branches, {load:.1f} GW of load ({licence})").format(
            case=case.name, buses=case.n_bus, branches=case.n_branch, load=case.total_load_mw / 1e3,
            licence=case.licence,
        ),
        markup=False,
    )  # fmt: skip
    print_said(answer.said)
    secure = not own["pairs_over"]
    spread = answer.tables["spread"]
    out.print(_(spread.label) + ":")
    print_table(spread)
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
    out.print(
        _("what binds most buses (5 % margin): {names}").format(names=binds_most(answer)),
        markup=False,
    )
    if report is not None:
        out.print(_("report: {path}").format(path=report), markup=False)
    print_limits(answer.limits)
    print_files(answer.files)


def _picture(answer: Any, path: Path) -> None:
    from taotie.answer.capacity_shown import picture_of_buses
    from taotie.app.charts.grid_svg import grid_svg
    from taotie.files.atomic import write_text

    spread = answer.tables["spread"]
    title = _("{case}: {what} (5 % margin)").format(case=answer.own["case"], what=_(spread.label))
    drawn, mw, top = picture_of_buses(answer)
    write_text(path, grid_svg(drawn, mw, title, top))


def _capacity_page(answer: Any, report: Path, command: str) -> None:
    from taotie.answer.capacity_shown import capacity_picture
    from taotie.app.pages.grid_page import write_capacity_page

    detail = answer.detail
    said = {}
    if detail.load_words is not None:
        said = in_each_language(lambda: _("{text}.").format(text=detail.load_words.text()))
    write_capacity_page(
        capacity_picture(answer), report, language(), said, detail.load_figures, command
    )


def _show_dispatch(answer: Any, door: dict[str, Any]) -> None:
    if door["json"]:
        print_answer(answer, True)
        return
    print_table(answer.tables["states"])
    print_said(answer.said)
    apart = "windows" not in answer.own
    how = _("units in service as in the case; DC; {licence}") if apart else _("DC; {licence}")
    console().print(how.format(licence=answer.own["licence"]), markup=False)
    print_limits(answer.limits)
