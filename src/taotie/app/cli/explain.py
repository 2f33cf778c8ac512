"""`taotie explain`: the tree behind a figure of a result, or behind a published figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, console, print_json
from taotie.errors import ResultError, nearest
from taotie.words.language import _


def newest_result(folder: Path = Path("out")) -> Path | None:
    """The result written last below `folder`."""
    found = sorted(folder.glob("*/result.json"), key=lambda p: (p.stat().st_mtime, str(p)))
    return found[-1] if found else None


def figures_of(path: Path) -> dict[str, Any]:
    """Figures of a result file, made again."""
    from taotie.answer.parts.study import read_result
    from taotie.quantity.record import from_record
    from taotie.quantity.sampling import Sampling

    content = read_result(path)
    entries = {k: e.model_dump(exclude_none=True) for k, e in content.figures.items()}
    for key, entry in content.figures.items():
        entries[key]["boundary"] = entry.boundary
    return from_record(entries, Sampling(content.samples, content.seed), content.sources)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help=_("The tree behind a figure: of a result, or of the catalogue."))
    def explain(
        key: Annotated[
            str,
            typer.Argument(help=_("annual_energy, or source.name, or table/item/quantity.")),
        ],
        result: Annotated[
            Path | None,
            typer.Option("--result", "-r", help=_("A result.json; default: the newest in out/.")),
        ] = None,
        drivers: Annotated[
            bool, typer.Option("--drivers", help=_("Also say where the spread comes from."))
        ] = False,
        as_json: Json = False,
    ) -> None:
        figure = _find(key, result)
        rows = list(figure.drivers()) if drivers or as_json else []
        if as_json:
            from taotie.quantity.record import sources_of, to_record

            print_json(
                {
                    "figure": figure.node_id,
                    "figures": to_record([figure]),
                    "sources": sources_of([figure]),
                    "drivers": [
                        {"leaf": d.leaf.key, "share": d.share, "first_order": d.first_order}
                        for d in rows
                    ],
                }
            )
            return
        out = console()
        out.print(figure.explain(), markup=False)
        for d in rows:
            out.print(f"{d.share:6.1%}  {d.leaf.name}", markup=False)


def _find(key: str, result: Path | None) -> Any:
    from taotie.errors import SourceError
    from taotie.quantity.catalog import figure

    path = result or newest_result()
    if path is not None:
        known = figures_of(path)
        if key in known:
            return known[key]
        if result is not None:
            raise ResultError(
                _("{path} has no figure {key}.").format(path=path, key=repr(key)),
                nearest(key, [k for k in known if not k.startswith("#")]),
            )
    try:
        return figure(key)
    except SourceError as error:
        if path is None and "." not in key and "/" not in key:
            raise ResultError(
                _("{key} is a figure of a result, and there is no result in out/.").format(
                    key=repr(key)
                ),
                _("run a study first: taotie run studies/chat_service.toml"),
            ) from None
        if path is not None and "." not in key and "/" not in key:
            names = [k for k in figures_of(path) if not k.startswith("#")]
            raise ResultError(
                _("{path} has no figure {key}.").format(path=path, key=repr(key)),
                nearest(key, names),
            ) from None
        raise error
