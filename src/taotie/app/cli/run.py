"""`taotie run STUDY.toml`: the whole chain, and what it writes. `--check-result` computes a result again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.asked import Extra, register_ask
from taotie.app.cli.common import CHECK_FAILED, console, progress
from taotie.app.cli.shown import print_answer, print_files, print_rows, print_said, print_table
from taotie.errors import MissingExtraError
from taotie.words.language import N_, _, language
from taotie.words.plain import as_text
from taotie.words.said import Said, as_given

OUT = Path("out")
WRITTEN = ("report.html", "audit.html", "result.json", "figures.parquet")


def register(app: typer.Typer) -> None:
    """Add the command."""
    out = typer.Option("--out", "-o", help=_("Folder to write; default out/<study>."))
    check = typer.Option("--check-result", help=_("Validate a result.json and compute it again."))
    extras = (
        Extra("out", Annotated[Path | None, out]),
        Extra("check_result", Annotated[Path | None, check]),
    )
    register_ask(app, "run", _show, extras, before=_check)


def _check(settings: dict[str, Any], door: dict[str, Any]) -> bool:
    path = door["check_result"]
    if path is None:
        door["study"] = settings.get("study")
        return False
    from taotie.answer.study import checked_result

    with progress(_("computing the result again"), quiet=door["json"]):
        answer = checked_result(path)
    if door["json"]:
        print_answer(answer, True)
    else:
        for line in answer.own["different"][:50]:
            console().print(as_text(line), markup=False)
        for one in answer.said:
            console().print(one.text(), markup=False)
    if answer.own["different"]:
        raise typer.Exit(CHECK_FAILED)
    return True


def _show(answer: Any, door: dict[str, Any]) -> None:
    from taotie.files.atomic import writing_folder

    folder = door["out"] or OUT / Path(door["study"]).stem
    if answer.ask != "run":
        _show_asked(answer, door, folder)
        return
    skipped: list[MissingExtraError] = []
    with (
        progress(_("writing the report"), quiet=door["json"]),
        writing_folder(folder, replacing=WRITTEN) as aside,
    ):
        answer.detail.write_json(aside / "result.json")
        for name in ("figures.parquet", "audit.html", "report.html"):
            if name == "audit.html" and not _holds_published(answer.detail):
                continue
            try:
                _write(name, answer.detail, aside / name)
            except MissingExtraError as error:
                skipped.append(error)
        written = [n for n in WRITTEN if (aside / n).exists()]
    answer = answer.with_files(*(str(folder / n) for n in written)).saying(
        *(
            Said(
                "not_written",
                N_("not written: {why} {hint}"),
                {"why": as_given("why", e.message), "hint": as_given("hint", e.hint)},
            )
            for e in skipped
        )
    )
    if door["json"]:
        from taotie.app.cli.common import print_json

        content = answer.to_dict()
        print_json(
            {
                **content,
                "folder": str(folder),
                "written": written,
                "skipped": [f"{e.message} {e.hint}" for e in skipped],
            }
        )
        return
    title = answer.own["title"]
    console().print(as_text(title.get(language()) or title["en"]), markup=False, style="bold")
    print_rows(answer)
    for table in answer.tables.values():
        console().print(f"{_(table.label)}:", markup=False)
        print_table(table)
    # notes on method and the list of defaults are in the report; what must be known is here
    urgent = {w["code"] for w in answer.own["warnings"]} | {"not_written"}
    print_said(one for one in answer.said if one.code in urgent or one.code.startswith("compared."))
    console().print(
        _("{n} defaults were used; the report lists each with its source.").format(
            n=len(answer.own["defaults"])
        )
    )
    print_files(answer.files)


def _show_asked(answer: Any, door: dict[str, Any], folder: Path) -> None:
    """A study that is one question: its JSON, and its page where that question has one."""
    from importlib import import_module

    from taotie.app.cli.answers import print_answer as print_plain
    from taotie.files.atomic import write_text

    title = answer.own["title"]
    if not door["json"]:
        console().print(as_text(title.get(language()) or title["en"]), markup=False, style="bold")
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "result.json", answer.to_json())
    answer = answer.with_files(str(folder / "result.json"))
    try:
        show = import_module(f"taotie.app.cli.{answer.ask}").show
    except (ModuleNotFoundError, AttributeError):
        print_plain(answer, door["json"])
        return
    show(
        answer,
        {"report": folder / "report.html", "json": door["json"], "command": door["command"]},
    )


def _write(name: str, result: Any, path: Path) -> None:
    if name == "figures.parquet":
        result.write_parquet(path)
    elif name == "audit.html":
        from taotie.answer.parts.audit import audit_claims
        from taotie.app.pages.audit_page import write_audit_page

        write_audit_page(audit_claims(), path, language())
    else:
        from taotie.app.pages.page import write_report

        beside = "audit.html" if _holds_published(result) else ""
        write_report(result, path, language(), audit=beside)


def _holds_published(result: Any) -> bool:
    """Is a published number held against the study's? Only then does the audit of published numbers belong beside it."""
    return bool(result.comparisons or result.study.get("report", {}).get("published"))
