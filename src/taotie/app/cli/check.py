"""`taotie check`: is one sentence right? Against the inputs it should follow from, and against the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import CHECK_FAILED, Json, console, print_json
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_(
            "Check a sentence: against its inputs (--from), a source (--source-range), and the catalogue."
        )
    )
    def check(
        text: Annotated[
            str, typer.Argument(help=_("What is said, such as '42 MWh' or a sentence."))
        ] = "",
        says: Annotated[
            str, typer.Option("--says", "--statement", help=_("The same, as an option."))
        ] = "",
        given: Annotated[
            str,
            typer.Option(
                "--from", help=_("The inputs as a formula, such as '100000 * 700 W * 0.61'.")
            ),
        ] = "",
        per: Annotated[
            str,
            typer.Option(
                "--per", help=_("What the source prints it per, such as '1000 inference'.")
            ),
        ] = "",
        source_range: Annotated[
            str,
            typer.Option(
                "--source-range",
                help=_("What the source gives: a range, or 'at most 2.9 Wh/request'."),
            ),
        ] = "",
        cite: Annotated[
            str, typer.Option("--cite", help=_("Style of the citation: bibtex, csl or text."))
        ] = "",
        image: Annotated[
            Path | None, typer.Option("--image", help=_("Draw the verdict into this PNG file."))
        ] = None,
        write: Annotated[
            Path | None,
            typer.Option("--write", "-o", help=_("Keep the verdict in this JSON file.")),
        ] = None,
        exit_zero: Annotated[
            bool, typer.Option("--exit-zero", help=_("Exit with 0 whatever the verdict is."))
        ] = False,
        as_json: Json = False,
    ) -> None:
        from taotie.answer.check import check_sentence
        from taotie.audit.verdict import HARMLESS, NOT_CHECKABLE

        answer = check_sentence(
            says or text, given, per=per, source_range=source_range, cite=cite or "text"
        )
        if image is not None:
            from taotie.app.charts.verdict_card import write_verdict_card

            write_verdict_card(answer, image)
            answer = answer.with_files(str(image))
        if write is not None:
            import json

            from taotie.files.atomic import write_text

            write_text(write, json.dumps(answer.to_dict(), ensure_ascii=False, indent=1) + "\n")
            answer = answer.with_files(str(write))
        if as_json:
            print_json(answer.to_dict())
        else:
            _print(answer, bool(cite))
        verdict = answer.own["verdict"]
        alone = not (given.strip() or source_range.strip())
        if not exit_zero and verdict not in HARMLESS and not (alone and verdict == NOT_CHECKABLE):
            raise typer.Exit(CHECK_FAILED)


def _print(answer: Any, cite: bool) -> None:
    from taotie.audit.against import match_line
    from taotie.audit.wording import verdict_word

    made, reading, matches = answer.detail
    out = console()
    if made is not None:
        out.print(made.text(), markup=False)
    else:
        out.print(
            _("{verdict}   I read: {read}").format(
                verdict=verdict_word(answer.own["verdict"]), read=reading.text_of_all()
            ),
            markup=False,
        )
    if matches:
        out.print(_("The catalogue says:"))
        for match in matches[: 4 if made is None else 2]:
            out.print(f"  {match_line(match)}", markup=False)
    for one in answer.said:
        out.print(one.text(), markup=False)
    if cite and answer.own["cite"]:
        out.print(answer.own["cite"], markup=False)
