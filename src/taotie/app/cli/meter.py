"""`taotie meter`: what was really drawn - a job, a recording, any log of a meter; whose it was; what it cost the grid."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import (
    Extra,
    chart,
    checked_page,
    register_ask,
    report,
    tell_old_spellings,
)
from taotie.app.cli.common import MISSING, Json, console, print_error
from taotie.app.cli.shown import print_answer
from taotie.errors import MeterError, TaotieError
from taotie.words.language import _

LEDGER = Path("taotie-meter.db")
Ledger = Annotated[Path, typer.Option("--ledger", "-l", help=_("The ledger, one file."))]
With = Annotated[
    list[str] | None,
    typer.Option("--with", help=_("Which meters: nvml, amdsmi, rapl, hwmon, jetson, ipmi.")),
]
Hz = Annotated[float, typer.Option("--hz", help=_("Readings a second."))]
Page = Annotated[
    Path | None, typer.Option("--report", help=_("Write a page with pictures to this HTML file."))
]
Drawing = Annotated[
    Path | None, typer.Option("--chart", help=_("Draw into this .svg or .png file."))
]
Sheets = Annotated[
    Path | None,
    typer.Option(
        "--table", help=_("Write figures and tables to this .csv, .parquet, .json or .geojson.")
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    meter = typer.Typer(
        help=_("What was really drawn: meters, logs of meters, and requests."), no_args_is_help=True
    )
    app.add_typer(meter, name="meter")

    @meter.command(
        "run",
        help=_("Run a command and meter it: taotie meter run -- python train.py"),
        context_settings={"ignore_unknown_options": True},
    )
    def run(
        command: Annotated[list[str], typer.Argument(help=_("The command, after --."))],
        hz: Hz = 1.0,
        with_: With = None,
        into: Annotated[
            Path | None, typer.Option("--into", help=_("Keep the readings in this ledger."))
        ] = None,
        page: Page = None,
        drawing: Drawing = None,
        table: Sheets = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.meter_live import metered_command

        checked_page(page, "--report")
        checked_page(drawing, "--chart")
        answer, code = metered_command(command, hz, names=with_ or ())
        code = code if code >= 0 else 128 - code
        try:
            if not answer.figures and (into or page or drawing or table):
                raise MeterError(
                    _("no meter could be read, so there is nothing to write."), "taotie doctor"
                )
            answer = _kept(answer, into)
            answer = _drawn(_filed(answer, table), {"report": page, "chart": drawing})
        except TaotieError as error:  # the job has run: what was measured is shown all the same
            print_error(error, False)
            code = code or MISSING
        print_answer(answer, as_json, ("channels",))
        raise typer.Exit(code)

    @meter.command("record", help=_("Read the meters of this machine into a ledger until stopped."))
    def record(
        ledger: Ledger = LEDGER,
        hz: Hz = 1.0,
        seconds: Annotated[
            float | None, typer.Option("--seconds", help=_("Stop after that time."))
        ] = None,
        durable: Annotated[
            bool, typer.Option("--durable", help=_("Survive a power cut, too."))
        ] = False,
        with_: With = None,
        page: Page = None,
        drawing: Drawing = None,
        table: Sheets = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.meter_live import record as kept
        from taotie.answer.meter_live import stored

        checked_page(page, "--report")
        checked_page(drawing, "--chart")
        try:
            n = kept(
                ledger, hz, seconds, durable, with_ or (), told=lambda t: sys.stderr.write(f"{t}\n")
            )
        except MeterError as error:
            print_error(error, as_json)
            raise typer.Exit(MISSING) from None
        if not as_json:
            console().print(_("{n} sweeps kept in {path}").format(n=n, path=ledger), markup=False)
        if as_json or page or drawing or table:
            door = {"json": as_json, "report": page, "chart": drawing}
            _channels(_filed(stored(ledger), table), door)

    live = typer.Option("--live", help=_("Go on showing the draw until stopped."))
    register_ask(
        meter, "meter show", _channels, (Extra("live", Annotated[bool, live]), report(), chart()),
        before=_shown_live,
    )  # fmt: skip
    register_ask(meter, "meter import", _channels, (report(), chart()))
    register_ask(meter, "meter report", _show_report, (report(), chart()))

    @meter.command(
        "export", help=_("The same for other programs: prometheus, otel, boamps or csv.")
    )
    def export(
        files: Annotated[
            list[Path] | None, typer.Argument(help=_("Logs of meters; default: the ledger."))
        ] = None,
        to: Annotated[
            str, typer.Option("--to", help=_("prometheus, otel, boamps or csv."))
        ] = "csv",
        out: Annotated[
            Path | None,
            typer.Option(
                "--write", "-o", "--out", help=_("Where to write; default: the terminal.")
            ),
        ] = None,
        ledger: Ledger = LEDGER,
    ) -> None:
        from taotie.answer.meter_live import exported

        tell_old_spellings([("--out", "--write")])
        text = exported(files or [ledger], to)
        if out is None:
            sys.stdout.write(text)
            return
        from taotie.files.atomic import write_text

        write_text(out, text)
        console().print(_("written: {path}").format(path=out), markup=False)

    by = typer.Option("--by", help=_("session, day, project, model or user."))
    register_ask(
        meter, "meter usage", _show_usage, (Extra("by", Annotated[str | None, by]),), before=_by
    )


def _kept(answer: Any, ledger: Path | None) -> Any:
    """The answer, its readings put into a ledger."""
    if ledger is None or not answer.detail.readings:
        return answer
    from taotie.answer.meter_keep import kept_in

    kept_in(answer.detail, ledger)
    return answer.with_files(str(ledger))


def _filed(answer: Any, table: Path | None) -> Any:
    """The answer, its tables written."""
    if table is None:
        return answer
    from taotie.answer.table_file import write_tables

    return answer.with_files(*map(str, write_tables(answer, table)))


def _drawn(answer: Any, door: dict[str, Any]) -> Any:
    """The answer, its page and chart written."""
    if door["report"] is None and door["chart"] is None:
        return answer
    from taotie.app.pages.meter_page import write_meter_chart, write_meter_page

    shown = answer
    if "hours" not in answer.tables:
        from taotie.answer.meter import with_hours

        shown = with_hours(answer)
    for name, write in (("report", write_meter_page), ("chart", write_meter_chart)):
        if door[name] is not None:
            write(shown, door[name])
            answer = answer.with_files(str(door[name]))
    return answer


def _channels(answer: Any, door: dict[str, Any]) -> None:
    print_answer(_drawn(answer, door), door["json"], ("channels",))


def _shown_live(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    if door["live"]:
        _live(Path(settings.get("ledger", LEDGER)))
    return bool(door["live"])


def _show_report(answer: Any, door: dict[str, Any]) -> None:
    tables = ("channels", "hours", "by_model", "by_user", "engine", "slices")
    print_answer(_drawn(answer, door), door["json"], tables)


def _by(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    from taotie.errors import UnknownNameError, nearest

    known = ("session", "day", "project", "model", "user")
    door["by"] = door["by"] or "day"
    if door["by"] not in known:
        raise UnknownNameError(
            _("--by {name} is not known.").format(name=door["by"]), nearest(door["by"], known)
        )
    return False


def _show_usage(answer: Any, door: dict[str, Any]) -> None:
    print_answer(answer, door["json"], (f"by_{door['by']}",))


def _live(ledger: Path) -> None:
    """A table that goes on until stopped."""
    import time

    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    from taotie.answer.meter_live import live_rows
    from taotie.words.plain import as_text

    def table() -> Any:
        made = Table(box=None)
        for head in (_("meter"), _("boundary"), "W", "kWh", _("seen"), _("status")):
            made.add_column(head, overflow="fold")
        for row in live_rows(ledger):
            made.add_row(
                Text(as_text(row.name)), row.boundary, "–" if row.power_w is None else f"{row.power_w:,.1f}",
                "–" if row.energy_j is None else f"{row.energy_j / 3.6e6:,.4f}", row.seen[11:19], row.status,
            )  # fmt: skip
        return made

    with Live(table(), console=console(), refresh_per_second=2) as view:
        while True:
            time.sleep(1.0)
            view.update(table())
