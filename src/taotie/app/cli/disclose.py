"""`taotie disclose`: a form's fields from a result or a meter, as JSON, HTML, PDF or DOCX."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taotie.app.cli.common import Json
from taotie.errors import DataError
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_(
            "Fill a form (mdf, dc2024, sci, sci-ai, scope2, rating, boamps, cyclonedx, spdx, esrs) from a result or a meter."
        )
    )
    def disclose(
        form: Annotated[
            str,
            typer.Argument(
                help=_("mdf, dc2024, sci, sci-ai, scope2, rating, boamps, cyclonedx, spdx or esrs.")
            ),
        ],
        source: Annotated[
            list[Path] | None,
            typer.Option(
                "--source",
                "-s",
                help=_(
                    "result.json, the --json of a command, a JSON of facts, or a meter's CSV; may be given again."
                ),
            ),
        ] = None,
        given: Annotated[
            list[str] | None,
            typer.Option(
                "--set", help=_('A fact, such as "EDC=12 GWh @facility"; may be given again.')
            ),
        ] = None,
        boundary: Annotated[
            str | None,
            typer.Option(
                "--boundary",
                help=_("Where it was measured: accelerator, server, facility or grid."),
            ),
        ] = None,
        recipient: Annotated[
            str, typer.Option("--for", help=_("Whose copy: AIO or NCA (mdf)."))
        ] = "",
        supersedes: Annotated[
            Path | None,
            typer.Option("--supersedes", help=_("JSON of the version before; kept and linked.")),
        ] = None,
        passthrough: Annotated[
            Path | None,
            typer.Option("--passthrough", help=_("JSON of the sections that are not ours (mdf).")),
        ] = None,
        leaderboard: Annotated[
            Path | None,
            typer.Option(
                "--leaderboard", help=_("CSV with wh_per_1000_queries and date (rating).")
            ),
        ] = None,
        band: Annotated[str, typer.Option("--band", help=_("range or rank (rating)."))] = "range",
        unofficial: Annotated[
            bool,
            typer.Option(
                "--unofficial", help=_("Stars off the reference hardware, marked as such (rating).")
            ),
        ] = False,
        out: Annotated[
            list[Path] | None,
            typer.Option(
                "--out",
                "-o",
                help=_("File to write: .json, .html, .pdf or .docx; may be given again."),
            ),
        ] = None,
        document: Annotated[
            Path | None,
            typer.Option(
                "--document", help=_("Write the standard's own file (boamps, cyclonedx, spdx).")
            ),
        ] = None,
        as_json: Json = False,
    ) -> None:
        import json

        from taotie.answer.disclose import disclose as ask
        from taotie.app.cli.answers import print_answer
        from taotie.files.atomic import write_bytes
        from taotie.policy.disclosure.form import Disclosure
        from taotie.words.language import in_language, language

        answer = ask(
            form, source or (), given=given or (), boundary=boundary, recipient=recipient, supersedes=supersedes,
            passthrough=passthrough, leaderboard=leaderboard, band=band, unofficial=unofficial,
        )  # fmt: skip
        made = answer.detail
        assert isinstance(made, Disclosure)
        files = [(path, _rendered(made, path)) for path in out or ()]
        if document is not None:
            if made.document is None:
                raise DataError(
                    _("{form}: the document needs what is missing: {what}.").format(
                        form=form, what="; ".join(m["what"] for m in made.missing) or _("{form} has no document of its own").format(form=form)
                    ),
                    '--set key="value"',
                )  # fmt: skip
            files.append(
                (
                    document,
                    (json.dumps(made.document, ensure_ascii=False, indent=1) + "\n").encode(),
                )
            )
        for path, content in files:
            write_bytes(path, content)
        answer = answer.with_files(*(str(p) for p, _c in files))
        print_answer(answer, as_json, in_language(made.title, language()))


def _rendered(made: object, path: Path) -> bytes:
    import json

    from taotie.policy.disclosure.form import Disclosure

    assert isinstance(made, Disclosure)
    kind = path.suffix.lower()
    if kind == ".json":
        return (json.dumps(made.to_dict(), ensure_ascii=False, indent=1) + "\n").encode()
    if kind in (".html", ".htm"):
        from taotie.app.forms.html_form import form_html

        return form_html(made).encode()
    if kind == ".pdf":
        from taotie.app.forms.pdf_form import form_pdf

        return form_pdf(made)
    if kind == ".docx":
        from taotie.app.forms.docx_form import form_docx

        return form_docx(made)
    raise DataError(
        _("{path} is not .json, .html, .pdf or .docx.").format(path=path), "--out form.html"
    )
