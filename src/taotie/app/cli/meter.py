"""`taotie meter`: what was really drawn - a job, a recording, any log of a meter; whose it was; what it cost the grid."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import MISSING, Json, console
from taotie.errors import MeterError, RangeError
from taotie.words.language import _

LEDGER = Path("taotie-meter.db")
Ledger = Annotated[Path, typer.Option("--ledger", "-l", help=_("The ledger, one file."))]
With = Annotated[
    list[str] | None,
    typer.Option("--with", help=_("Which meters: nvml, amdsmi, rapl, hwmon, jetson, ipmi.")),
]
Hz = Annotated[float, typer.Option("--hz", help=_("Readings a second."))]
Layout = Annotated[str, typer.Option("--layout", help=_("Layout of the files, if not recognised."))]


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """``a=b,c=d`` as a mapping.

    Examples
    --------
    >>> pairs(["time=created_at,prompt=n_in"], "--columns")
    {'time': 'created_at', 'prompt': 'n_in'}
    """
    found = {}
    for text in given or []:
        for part in text.split(","):
            key, sign, value = (w.strip() for w in part.partition("="))
            if not sign or not key or not value:
                raise RangeError(
                    _("{option} {part}: a name, =, and a value.").format(option=option, part=part),
                    f"{option} start=created_at,prompt=n_in",
                )
            found[key] = value
    return found


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
        from taotie.app.cli.shown import print_answer

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

    @meter.command("show", help=_("What a ledger holds, or live while it is written."))
    def show(
        ledger: Ledger = LEDGER,
        live: Annotated[
            bool, typer.Option("--live", help=_("Go on showing the draw until stopped."))
        ] = False,
        as_json: Json = False,
    ) -> None:
        if live:
            _live(ledger)
            return
        from taotie.answer.meter_live import stored
        from taotie.app.cli.shown import print_answer

        print_answer(stored(ledger), as_json, ("channels",))

    @meter.command(
        "import",
        help=_(
            "Read logs of meters: dcgm-exporter, Prometheus, OpenTelemetry, CodeCarbon, Zeus, Slurm, nvidia-smi, CSV."
        ),
    )
    def import_(
        files: Annotated[
            list[Path], typer.Argument(help=_("Files, or folders of /metrics pages."))
        ],
        layout: Layout = "auto",
        boundary: Annotated[
            str,
            typer.Option(
                "--boundary",
                help=_("Where the meters of a table sit: device, module, package, board, wall."),
            ),
        ] = "device",
        measured: Annotated[
            bool, typer.Option("--measured", help=_("CodeCarbon: counters were behind it."))
        ] = False,
        into: Annotated[
            Path | None, typer.Option("--into", help=_("Keep the readings in this ledger."))
        ] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.meter import meter_files
        from taotie.app.cli.shown import print_answer

        answer = meter_files(files, layout, boundary, measured)
        if into is not None:
            from taotie.answer.meter_live import kept_in

            kept_in(answer.detail, into)
            answer = answer.with_files(str(into))
        print_answer(answer, as_json, ("channels",))

    @meter.command(
        "report",
        help=_("Joules by request, model and user, idle share, and what it was on the grid."),
    )
    def report(
        files: Annotated[
            list[Path] | None, typer.Argument(help=_("Logs of meters; default: the ledger."))
        ] = None,
        requests: Annotated[
            Path | None, typer.Option("--requests", "-r", help=_("Log of the requests served."))
        ] = None,
        ledger: Ledger = LEDGER,
        layout: Layout = "auto",
        boundary: Annotated[
            str | None, typer.Option("--boundary", help=_("Which meters to take."))
        ] = None,
        columns: Annotated[
            list[str] | None,
            typer.Option(
                "--columns",
                help=_("Names in the request log: start=created_at,prompt=n_in,output=n_out"),
            ),
        ] = None,
        time_unit: Annotated[
            str, typer.Option("--time-unit", help=_("Of times that are numbers: s, ms, us, ns."))
        ] = "",
        requests_from: Annotated[
            str,
            typer.Option(
                "--requests-from",
                help=_("When the first request came, where its times start at zero."),
            ),
        ] = "",
        group: Annotated[
            list[str] | None,
            typer.Option("--group", help=_("Which devices serve a model: llama=GPU-1+GPU-2")),
        ] = None,
        idle_w: Annotated[
            float | None,
            typer.Option(
                "--idle-w", help=_("Draw while waiting, W; default: measured in quiet times.")
            ),
        ] = None,
        model: Annotated[str, typer.Option("--model", "-m", help=_("Which model is served."))] = "",
        on: Annotated[str, typer.Option("--on", help=_("Which accelerator."))] = "",
        accelerators: Annotated[
            int | None, typer.Option("--accelerators", min=1, help=_("Accelerators of one copy."))
        ] = None,
        precision: Annotated[
            str, typer.Option("--precision", help=_("Precision of the weights."))
        ] = "bf16",
        factors: Annotated[
            Path | None,
            typer.Option("--factors", help=_("CSV by hour: carbon, PUE, price, water.")),
        ] = None,
        region: Annotated[
            str, typer.Option("--region", help=_("Whose grid, where there are no hours."))
        ] = "",
        pue: Annotated[float | None, typer.Option("--pue", help=_("PUE of the building."))] = None,
        price: Annotated[float | None, typer.Option("--price", help=_("Price of a kWh."))] = None,
        wue: Annotated[
            float | None, typer.Option("--wue", help=_("Water of the site, L per kWh of IT."))
        ] = None,
        server_factor: Annotated[
            float | None,
            typer.Option(
                "--server-factor", help=_("Server over accelerators, where only these are metered.")
            ),
        ] = None,
        calibrate: Annotated[
            Path | None,
            typer.Option(
                "--calibrate", help=_("Keep measured over predicted as this machine's calibration.")
            ),
        ] = None,
        page: Annotated[Path | None, typer.Option("--report", help=_("Write a page."))] = None,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.meter import meter_report
        from taotie.app.cli.shown import print_answer

        answer = meter_report(
            files or [ledger], requests, layout=layout, boundary=boundary, columns=pairs(columns, "--columns"),
            time_unit=time_unit, requests_from=requests_from,
            groups={k: v.split("+") for k, v in pairs(group, "--group").items()}, idle_w=idle_w, model=model, on=on,
            accelerators=accelerators, precision=precision, factors=factors, region=region, pue=pue, price=price,
            wue=wue, server_factor=server_factor, calibrate=calibrate,
        )  # fmt: skip
        if page is not None:
            from taotie.app.pages.meter_page import write_meter_page

            write_meter_page(answer, page)
            answer = answer.with_files(str(page))
        print_answer(answer, as_json, ("channels", "by_model", "by_user"))

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
            typer.Option("--out", "-o", help=_("Where to write; default: the terminal.")),
        ] = None,
        ledger: Ledger = LEDGER,
    ) -> None:
        from taotie.answer.meter_live import exported

        text = exported(files or [ledger], to)
        if out is None:
            sys.stdout.write(text)
            return
        from taotie.files.atomic import write_text

        write_text(out, text)
        console().print(_("written: {path}").format(path=out), markup=False)

    @meter.command(
        "usage",
        help=_(
            "Tokens of coding agents and exports of use -> energy, carbon and water, as wide ranges."
        ),
    )
    def usage(
        files: Annotated[
            list[Path] | None,
            typer.Argument(
                help=_(
                    "Exports of OpenAI, Anthropic, Google, LiteLLM, Langfuse, Helicone, OpenRouter; transcripts."
                )
            ),
        ] = None,
        claude_code: Annotated[
            bool, typer.Option("--claude-code", help=_("Read Claude Code's transcripts."))
        ] = False,
        codex: Annotated[
            bool, typer.Option("--codex", help=_("Read Codex's transcripts."))
        ] = False,
        region: Annotated[
            str, typer.Option("--region", help=_("Whose grid, such as USA or PJM."))
        ] = "WORLD",
        by: Annotated[
            str, typer.Option("--by", help=_("session, day, project, model or user."))
        ] = "day",
        as_json: Json = False,
    ) -> None:
        from taotie.answer.meter_usage import usage_report
        from taotie.app.cli.shown import print_answer
        from taotie.errors import UnknownNameError, nearest

        known = ("session", "day", "project", "model", "user")
        if by not in known:
            raise UnknownNameError(
                _("--by {name} is not known.").format(name=by), nearest(by, known)
            )
        if not files and not claude_code and not codex:
            raise MeterError(_("nothing to read."), "taotie meter usage --claude-code")
        print_answer(usage_report(files or [], claude_code, codex, region), as_json, (f"by_{by}",))


def _live(ledger: Path) -> None:
    """A table that goes on until stopped."""
    import time

    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    from taotie.answer.meter_live import live_rows
    from taotie.app.cli.shown import as_text

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
