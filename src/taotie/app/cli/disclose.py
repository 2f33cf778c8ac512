"""`taotie disclose`: a form's fields from a result or a meter, as JSON, HTML, PDF or DOCX."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.answers import print_answer
from taotie.app.cli.asked import Extra, kept, register_ask, report
from taotie.errors import DataError
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    files = _("File to write: .json, .html, .pdf or .docx; may be given again.")
    document = typer.Option(
        "--document", help=_("Write the standard's own file (boamps, cyclonedx, spdx).")
    )
    extras = (
        kept(files, "--out", several=True, endings=(".json", ".html", ".htm", ".pdf", ".docx")),
        Extra("document", Annotated[Path | None, document]),
        report(),
    )
    register_ask(app, "disclose", _show, extras)


def _show(answer: Any, door: dict[str, Any]) -> None:
    import json

    from taotie.files.atomic import write_together
    from taotie.words.language import in_language, language

    made, form = answer.detail, answer.settings["form"]
    files = [(path, _rendered(made, path)) for path in door["write"] or ()]
    if door["document"] is not None:
        if made.document is None:
            raise DataError(
                _("{form}: the document needs what is missing: {what}.").format(
                    form=form, what="; ".join(m["what"] for m in made.missing) or _("{form} has no document of its own").format(form=form)
                ),
                '--set key="value"',
            )  # fmt: skip
        text = json.dumps(made.document, ensure_ascii=False, indent=1) + "\n"
        files.append((door["document"], text.encode()))
    for path, _content in files:
        _keep_the_one_before(path, made.supersedes)
    write_together(files)
    answer = answer.with_files(*(str(p) for p, _c in files))
    if door["report"] is not None:
        from taotie.app.charts.rules_chart import form_pictures
        from taotie.app.forms.rows import sheet_of
        from taotie.app.pages.answer_page import write_answer_page

        write_answer_page(
            answer, door["report"], title=lambda a: in_language(made.title, language()),
            sentence=lambda a: sheet_of(made).boundary,
            about=lambda a: _("A form filled from a figure"), pictures=form_pictures, command=door["command"],
        )  # fmt: skip
        answer = answer.with_files(str(door["report"]))
    print_answer(answer, door["json"], in_language(made.title, language()))


def _keep_the_one_before(path: Path, supersedes: str) -> None:
    """Refuse to write over the version that is superseded: it is kept."""
    from taotie.files.read import read_json

    if not supersedes or path.suffix.lower() != ".json" or not path.is_file():
        return
    try:
        before = read_json(path)
    except DataError:
        return
    if isinstance(before, dict) and before.get("sha256") == supersedes:
        raise DataError(
            _("{path} is the version before, which is kept beside the new one.").format(path=path),
            f"--write {path.stem}-2.json",
        )


def _rendered(made: object, path: Path) -> bytes:
    import json

    from taotie.answer.parts.forms import Disclosure

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
