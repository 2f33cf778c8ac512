"""`taotie run STUDY.toml`: the whole chain, and what it writes. `--check-result` computes a result again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import CHECK_FAILED, Json, Samples, Seed, console, print_json, progress
from taotie.errors import MissingExtraError, TaotieError
from taotie.words.language import _, language

OUT = Path("out")


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(
        help=_(
            "Follow a workload from its requests to the grid; writes report.html and result.json."
        )
    )
    def run(
        study: Annotated[
            Path | None, typer.Argument(help=_("A study file, such as studies/chat_service.toml."))
        ] = None,
        out: Annotated[
            Path | None,
            typer.Option("--out", "-o", help=_("Folder to write; default out/<study>.")),
        ] = None,
        check_result: Annotated[
            Path | None,
            typer.Option("--check-result", help=_("Validate a result.json and compute it again.")),
        ] = None,
        threads: Annotated[
            int | None,
            typer.Option(
                "--threads", min=1, max=64, help=_("Threads; results do not depend on it.")
            ),
        ] = None,
        seed: Seed = None,
        samples: Samples = None,
        as_json: Json = False,
    ) -> None:
        if check_result is not None:
            _check(check_result, as_json)
            return
        if study is None:
            raise TaotieError(
                _("`taotie run` needs a study file."), "taotie run studies/chat_service.toml"
            )
        _run(study, out or OUT / study.stem, threads, seed, samples, as_json)


def _check(path: Path, as_json: bool) -> None:
    from taotie.study.result_file import check_result

    with progress(_("computing the result again"), quiet=as_json):
        n, different = check_result(path)
    if as_json:
        print_json({"file": str(path), "figures": n, "ok": not different, "different": different})
    else:
        out = console()
        for line in different[:50]:
            out.print(line, markup=False)
        if different:
            out.print(_("{n} of {total} figures do not compute.").format(n=len(different), total=n))
        else:
            out.print(_("all {n} figures compute to the last bit").format(n=n))
    if different:
        raise typer.Exit(CHECK_FAILED)


def _run(
    study: Path,
    folder: Path,
    threads: int | None,
    seed: int | None,
    samples: int | None,
    as_json: bool,
) -> None:
    from taotie.files.atomic import writing_folder
    from taotie.study.read import read_study
    from taotie.study.run import run_study

    file = read_study(study)
    changed = {k: v for k, v in (("seed", seed), ("samples", samples)) if v is not None}
    if changed:
        file.study = type(file.study).model_validate({**file.study.model_dump(), **changed})
    skipped: list[str] = []
    with progress(_("reading the study"), quiet=as_json) as step:
        result = run_study(file, n_threads=threads, tell=step)
        step(_("writing the report"))
        with writing_folder(folder) as aside:
            result.write_json(aside / "result.json")
            for name in ("figures.parquet", "audit.html", "report.html"):
                try:
                    _write(name, result, aside / name)
                except MissingExtraError as error:
                    skipped.append(f"{name}: {error.message} {error.hint}")
    written = [
        n
        for n in ("report.html", "audit.html", "result.json", "figures.parquet")
        if (folder / n).exists()
    ]
    if as_json:
        content = result.to_dict()
        print_json(
            {
                "folder": str(folder),
                "written": written,
                "skipped": skipped,
                "headline": result.headline,
                "figures": {k: content["figures"][k] for k in content["results"]},
                "defaults": content["defaults"],
                "warnings": content["warnings"],
            }
        )
        return
    _summary(result, folder, written, skipped)


def _write(name: str, result: Any, path: Path) -> None:
    if name == "figures.parquet":
        result.write_parquet(path)
    elif name == "audit.html":
        from taotie.app.pages.audit_page import write_audit_page
        from taotie.audit.article import audit_claims

        write_audit_page(audit_claims(), path, language())
    else:
        from taotie.app.pages.page import write_report

        write_report(result, path, language(), audit="audit.html")


def _summary(result: Any, folder: Path, written: list[str], skipped: list[str]) -> None:
    from rich.table import Table

    from taotie.quantity.wording import boundary_word, kind_word, readable, value_text

    out = console()
    out.print(f"[bold]{result.title.get(language()) or result.title['en']}[/bold]")
    table = Table(box=None, pad_edge=False, show_header=False)
    for _column in range(3):
        table.add_column(overflow="fold")
    for key in result.show:
        figure = result.figures.get(key)
        if figure is not None:
            words = ", ".join(
                w for w in (boundary_word(figure.boundary), kind_word(figure.kind)) if w
            )
            table.add_row(figure.name, value_text(readable(figure)), words)
    out.print(table)
    for one in result.comparisons:
        out.print(_compared(result, one), markup=False)
    for warning in result.warnings:
        out.print(f"! {warning.text()}", markup=False)
    for line in skipped:
        out.print(f"! {_('not written')}: {line}", markup=False)
    out.print(
        _("{n} defaults were used; the report lists each with its source.").format(
            n=len(result.defaults)
        )
    )
    for name in written:
        out.print(str(folder / name), markup=False)


def _compared(result: Any, one: Any) -> str:
    from taotie.quantity.catalog import figure
    from taotie.quantity.wording import number, value_text

    published = figure(one.published)
    ours = result.figures[one.ours]
    ratio = result.figures[one.ratio]
    return _("{name}: published {published}, ours {ours}: a factor of {ratio}").format(
        name=published.name,
        published=value_text(published),
        ours=value_text(ours),
        ratio=number(ratio.p50),
    )
