"""`taotie audit`: the numbers of an article or of a claims file, recomputed and held against the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, register_ask, report
from taotie.app.cli.common import CHECK_FAILED, console, print_columns, print_json
from taotie.words.language import _


def register(app: typer.Typer) -> None:
    """Add the command."""
    zero = typer.Option("--exit-zero", help=_("Exit with 0 whatever the verdicts are."))
    draft = typer.Option("--draft", help=_("Of a text: write a claims file to start from."))
    extras = (
        report("--html"),
        Extra("exit_zero", Annotated[bool, zero]),
        Extra("draft", Annotated[Path | None, draft]),
    )
    register_ask(app, "audit", _show, extras)


def _show(answer: Any, door: dict[str, Any]) -> None:
    from taotie.answer.audit import is_wrong
    from taotie.files.atomic import write_text

    made, as_text = answer.detail, "unread" in answer.own
    if door["draft"] is not None and as_text:
        write_text(door["draft"], made.draft())
        answer = answer.with_files(str(door["draft"]))
    if door["report"] is not None:
        _write_page(made, as_text, door["report"])
        answer = answer.with_files(str(door["report"]))
    if door["json"]:
        print_json(answer.to_dict())
    elif as_text:
        _print_text(made, answer, answer.settings["cite"])
    else:
        _print_audit(made)
    if not door["json"] and door["report"] is not None:
        console().print(_("page: {path}").format(path=door["report"]), markup=False)
    if not door["exit_zero"] and is_wrong(answer):
        raise typer.Exit(CHECK_FAILED)


def _write_page(made: Any, as_text: bool, path: Path) -> None:
    from taotie.files.atomic import write_text

    if as_text:
        from taotie.app.pages.article_page import article_page

        write_text(path, article_page(made))
    else:
        from taotie.app.pages.audit_page import write_audit_page

        write_audit_page(made, path)


def _print_audit(audit: Any) -> None:
    from taotie.answer.parts.audit import (
        MARKS,
        decided_word,
        needed_text,
        system_word,
        verdict_word,
    )

    out = console()
    if audit.article.title:
        out.print(
            f"{audit.article.outlet}, {audit.article.title} ({audit.article.date})", markup=False
        )
    names = (_("verdict"), _("decided"), _("claim"), _("stated"), _("recomputed"), _("subject"))
    results = list(audit.results)
    rows = [
        (
            f"{MARKS[r.verdict]} {verdict_word(r.verdict)}",
            decided_word(r.claim.decided_by),
            r.claim.id,
            r.stated_text,
            r.recomputed_text,
            system_word(r.claim.system),
        )
        for r in results
    ]
    if not out.is_terminal:
        out.width = 160
    print_columns(out, names, rows)
    lines = []
    for r in results:
        if r.verdict == "unit error" or r.would_need:
            lines.append(f"\n{r.claim.id}: {r.why}")
            if r.would_need:
                lines.append(f"  {needed_text(r)}")
    if lines:
        out.print("\n".join(lines), markup=False)
    out.print("")
    for verdict, n in audit.counts.items():
        if n:
            out.print(f"{n:5d}  {MARKS[verdict]} {verdict_word(verdict)}", markup=False)
    marks = audit.access_counts
    out.print(
        _("{total} claims; inputs: {read} read, {quoted} quoted, {memory} from memory").format(
            total=len(results), **marks
        )
    )


def _print_text(made: Any, answer: Any, cite: str) -> None:
    from taotie.answer.parts.audit import MARKS, citation, match_line, verdict_word
    from taotie.quantity.catalog import source

    out = console()
    for c in made.by_fault:
        text = " ".join(made.reading.to_json(c.quantity)["text"].split())
        out.print(f"{MARKS[c.verdict]} {verdict_word(c.verdict)}   {text}", markup=False)
        if c.best is not None:
            out.print(f"    {match_line(c.best)}", markup=False)
            if cite != "text":
                out.print(citation(source(c.best.entry.source), cite), markup=False)
    for b in made.between:
        parts = b.parts_text
        out.print(
            _("{mark} {parts} against {whole}: {ratio:.3g} times").format(
                mark=MARKS[b.verdict],
                parts=parts,
                whole=" ".join(b.whole.text.split()),
                ratio=b.ratio,
            ),
            markup=False,
        )
    out.print(
        _("{n} numbers with a unit, {m} without one or not understood").format(
            n=len(made.claims), m=len(made.unread)
        )
    )
    for one in answer.said:
        out.print(one.text(), markup=False)
