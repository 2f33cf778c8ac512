"""`taotie label` writes an energy label; `taotie check-label` computes it again and says whether it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taotie.app.cli.common import CHECK_FAILED, Json
from taotie.errors import RangeError
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add both commands."""

    @app.command(help=_("An energy label of one request, which anybody can compute again."))
    def label(
        model: Annotated[
            str, typer.Option("--model", "-m", help=_("Which model."))
        ] = "llama-3.1-70b",
        tokens_in: Annotated[
            float, typer.Option("--in", min=0, help=_("Tokens of the prompt."))
        ] = 300,
        tokens_out: Annotated[
            float, typer.Option("--out", min=1, help=_("Tokens of the answer."))
        ] = 500,
        on: Annotated[
            str, typer.Option("--on", help=_("Accelerators, such as h100-sxm:8."))
        ] = "h100-sxm",
        batch: Annotated[
            float | None,
            typer.Option(
                "--batch", "-b", min=1, help=_("Requests decoded together; default: unknown.")
            ),
        ] = None,
        precision: Annotated[str, typer.Option(help=_("bf16, fp8, mxfp4, int4 ..."))] = "bf16",
        runtime: Annotated[
            str, typer.Option(help=_("Generation of the serving software."))
        ] = "vllm-0.11",
        pue: Annotated[float | None, typer.Option(help=_("PUE of the building."))] = None,
        region: Annotated[
            str, typer.Option("--region", help=_("Whose grid, such as USA or PJM."))
        ] = "WORLD",
        seed: Annotated[int, typer.Option("--seed", min=0, help=_("Seed of the draws."))] = 0,
        samples: Annotated[
            int, typer.Option("--samples", min=100, help=_("Number of draws of each figure."))
        ] = 10_000,
        write: Annotated[
            Path | None,
            typer.Option("--write", "-o", help=_("Write the label into this JSON file.")),
        ] = None,
        chart: Annotated[
            Path | None, typer.Option("--chart", help=_("Draw the label into this SVG file."))
        ] = None,
        as_json: Json = False,
    ) -> None:
        import json

        from taotie.answer.label import energy_label
        from taotie.app.cli.answers import print_answer
        from taotie.files.atomic import write_text

        name, _colon, count = on.partition(":")
        if count and not count.isdigit():
            raise RangeError(_("--on {text} does not end in a number of accelerators.").format(text=on), "--on h100-sxm:8")  # fmt: skip
        answer = energy_label(
            model, tokens_in, tokens_out, name, int(count) if count else None, batch, precision, runtime, pue, region, seed, samples,
        )  # fmt: skip
        if chart is not None:
            from taotie.app.charts.label_chart import label_svg

            write_text(chart, label_svg(answer.detail))
            answer = answer.with_files(str(chart))
        if write is not None:
            write_text(write, json.dumps(answer.detail, ensure_ascii=False, indent=1) + "\n")
            answer = answer.with_files(str(write))
        print_answer(answer, as_json, _("Energy label, 80 % interval in the file:"))

    @app.command(
        name="check-label", help=_("Compute an energy label again: does it hold to the last digit?")
    )
    def check_label(
        file: Annotated[Path, typer.Argument(help=_("The label, a JSON file."))],
        as_json: Json = False,
    ) -> None:
        from taotie.answer.label import check_label as ask
        from taotie.app.cli.answers import print_answer

        answer = ask(file)
        holds = answer.own["holds"]
        words = {True: _("The label holds."), False: _("The label is refuted."), None: _("Another version of taotie: no verdict.")}  # fmt: skip
        print_answer(answer, as_json, words[holds])
        if holds is False:
            raise typer.Exit(CHECK_FAILED)
