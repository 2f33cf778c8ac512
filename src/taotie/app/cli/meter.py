"""`taotie meter`: what was really drawn - a job, a recording, any log of a meter; whose it was; what it cost the grid."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, register_ask, report, tell_old_spellings
from taotie.app.cli.common import MISSING, Json, console
from taotie.app.cli.shown import print_answer
from taotie.errors import MeterError
from taotie.words.language import _

LEDGER = Path("taotie-meter.db")
Ledger = Annotated[Path, typer.Option("--ledger", "-l", help=_("The ledger, one file."))]
With = Annotated[
    list[str] | None,
    typer.Option("--with", help=_("Which meters: nvml, amdsmi, rapl, hwmon, jetson, ipmi.")),
]
Hz = Annotated[float, typer.Option("--hz", help=_("Readings a second."))]


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
        as_json: Json = False,
    ) -> None:
        from taotie.answer.meter_live import metered_command

        answer, code = metered_command(command, hz, names=with_ or ())
        print_answer(answer, as_json, ("channels",))
        raise typer.Exit(code if code >= 0 else 128 - code)

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
    ) -> None:
        from taotie.answer.meter_live import record as kept

        try:
            n = kept(
                ledger, hz, seconds, durable, with_ or (), told=lambda t: sys.stderr.write(f"{t}\n")
            )
        except MeterError as error:
            from taotie.app.cli.common import print_error

            print_error(error, False)
            raise typer.Exit(MISSING) from None
        console().print(_("{n} sweeps kept in {path}").format(n=n, path=ledger), markup=False)

    live = typer.Option("--live", help=_("Go on showing the draw until stopped."))
    register_ask(
        meter, "meter show", _channels, (Extra("live", Annotated[bool, live]),), before=_shown_live
    )
    register_ask(meter, "meter import", _channels)
    register_ask(meter, "meter report", _show_report, (report(),))

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


def _channels(answer: Any, door: dict[str, Any]) -> None:
    print_answer(answer, door["json"], ("channels",))


def _shown_live(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    if door["live"]:
        _live(Path(settings.get("ledger", LEDGER)))
    return bool(door["live"])


def _show_report(answer: Any, door: dict[str, Any]) -> None:
    if door["report"] is not None:
        from taotie.app.pages.meter_page import write_meter_page

        write_meter_page(answer, door["report"])
        answer = answer.with_files(str(door["report"]))
    print_answer(
        answer, door["json"], ("channels", "hours", "by_model", "by_user", "engine", "slices")
    )


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
            made.add_column(head)
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
