"""`taotie sources`: the bibliography, and what of it nobody has opened yet."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from taotie.app.cli.common import Json, console, print_json
from taotie.words.language import _, language


def _keys() -> list[str]:
    from taotie.quantity.catalog import source_keys

    return list(source_keys())


def _listing(unread: bool) -> list[dict[str, Any]]:
    """Every source with its figures and table cells; with `unread` only what was not opened."""
    from taotie.quantity.catalog import (
        access_of,
        figure_keys,
        source,
        source_keys,
        table,
        table_names,
    )

    cells: dict[str, list[tuple[str, str]]] = {}
    for name in table_names():
        for (item, quantity), row in table(name).cells.items():
            cells.setdefault(row["source"], []).append((f"{name}/{item}/{quantity}", row["access"]))
    rows = []
    for key in source_keys():
        found = source(key)
        figures = [(k, access_of(k)) for k in figure_keys(key)] + cells.get(key, [])
        if unread:
            figures = [(k, a) for k, a in figures if a != "read"]
            if found.access == "read" and not figures:
                continue
        rows.append(
            {
                **found.to_dict(),
                "citation": found.citation,
                "figures": [k for k, _access in figures],
                "memory": [k for k, a in figures if a == "memory"],
            }
        )
    return rows


def _print_bibtex(keys: list[str]) -> None:
    from taotie.answer.parts.audit import citation
    from taotie.quantity.catalog import source

    typer.echo("\n\n".join(citation(source(key), "bibtex") for key in keys))


def _print_search(words: str, bibtex: bool, as_json: bool) -> None:
    """Figures that speak of something, the nearest first."""
    from taotie.answer.parts.audit import search
    from taotie.errors import SourceError
    from taotie.quantity.catalog import figure, source
    from taotie.quantity.wording import text

    found = [entry for entry, _score in search(words, 25)]
    if not found:
        raise SourceError(
            _("nothing in the catalogue speaks of {words}.").format(words=repr(words[:80])),
            _("list all sources with taotie sources"),
        )
    if bibtex:
        _print_bibtex(list(dict.fromkeys(e.source for e in found)))
    elif as_json:
        print_json(
            {
                "figures": [
                    {
                        "key": e.key, "label_en": e.label_en, "label_zh": e.label_zh, "value": e.value, "low": e.low, "high": e.high,
                        "unit": e.unit, "year": e.year, "access": e.access, "source": source(e.source).to_dict(),
                    }
                    for e in found
                ]
            }
        )  # fmt: skip
    else:
        out = console()
        for e in found:
            label = e.label_zh if language() == "zh" else e.label_en
            out.print(f"{e.key}  {text(figure(e.key))}  {label}", markup=False)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(help=_("The bibliography: every source, or one with its figures."))
    def sources(
        key: Annotated[str, typer.Argument(help=_("A source's key."), autocompletion=_keys)] = "",
        unread: Annotated[
            bool,
            typer.Option("--unread", help=_("Only what nobody has opened: quoted or from memory.")),
        ] = False,
        search: Annotated[
            str, typer.Option("--search", help=_("Figures that speak of this, English or Chinese."))
        ] = "",
        bibtex: Annotated[
            bool, typer.Option("--bibtex", help=_("As BibTeX: all sources, or the one named."))
        ] = False,
        as_json: Json = False,
    ) -> None:
        if search:
            _print_search(search, bibtex, as_json)
            return
        if bibtex:
            _print_bibtex([key] if key else _keys())
            return
        from taotie.quantity.catalog import figure, figure_keys, source
        from taotie.quantity.wording import note_text, origin, text

        if key:
            found = source(key)
            figures = [figure(k) for k in figure_keys(key)]
            if as_json:
                print_json({**found.to_dict(), "figures": {f.key: text(f) for f in figures}})
                return
            out = console()
            out.print(found.citation)
            out.print(_("access: {access}").format(access=found.access))
            for f in figures:
                label = f.label.get(language(), "")
                out.print(f"  {f.key}  {text(f)}  {label}", markup=False)
                if f.locator or f.note:
                    out.print(f"      {origin(f)} {note_text(f)}", markup=False)
            return
        rows = _listing(unread)
        if as_json:
            print_json({"sources": rows})
            return
        out = console()
        for r in rows:
            out.print(f"{r['key']}  [{r['access']}]  {r['citation']}", markup=False)
            if unread:
                for k in r["figures"]:
                    mark = _("from memory") if k in r["memory"] else _("quoted")
                    out.print(f"    {k}  ({mark})", markup=False)
        total = sum(len(r["figures"]) for r in rows)
        out.print(_("{n} sources, {m} figures").format(n=len(rows), m=total))
