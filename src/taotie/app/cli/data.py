"""`taotie data`: publishers' files on this machine - list them, fetch them on request, say where they are."""

from __future__ import annotations

from typing import Annotated

import typer

from taotie.app.cli.common import CHECK_FAILED, Json, console, print_json, progress
from taotie.words.language import _


def _names() -> list[str]:
    from taotie.files.registry import datasets

    return [d.name for d in datasets()]


Name = Annotated[
    str,
    typer.Argument(help=_("Name of the data set."), autocompletion=_names),
]


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        help=_("Publishers' files: list, fetch, verify, path."), no_args_is_help=True
    )
    app.add_typer(group, name="data")

    @group.command("list", help=_("Data sets a user may fetch, and which files are here."))
    def list_(as_json: Json = False) -> None:
        from taotie.files.fetch import data_folder, present
        from taotie.files.registry import datasets

        rows = [
            {
                "name": d.name,
                "title": d.title,
                "files": len(d.files),
                "present": len(present(d)),
                "bytes": d.bytes,
                "licence": d.licence,
                "citation": d.citation,
            }
            for d in datasets()
        ]
        if as_json:
            print_json({"folder": str(data_folder()), "datasets": rows})
            return
        from rich.table import Table

        out = console()
        out.print(_("Data folder: {folder}").format(folder=data_folder()))
        table = Table(box=None, pad_edge=False)
        for head in (_("name"), _("here"), "MB", _("licence"), _("what")):
            table.add_column(head, overflow="fold")
        for r in rows:
            table.add_row(
                str(r["name"]),
                f"{r['present']}/{r['files']}",
                f"{int(str(r['bytes'])) / 1e6:.1f}",
                str(r["licence"]),
                str(r["title"]),
            )
        out.print(table)

    @group.command("fetch", help=_("Bring a data set here from its publisher; sha256 is checked."))
    def fetch_(name: Name, as_json: Json = False) -> None:
        from taotie.files.fetch import fetch

        with progress(_("fetching"), quiet=as_json) as step:
            places = fetch(name, on_file=lambda file, state: step(f"{state} {file.path}"))
        if as_json:
            print_json({"name": name, "files": [str(p) for p in places]})
        else:
            for place in places:
                console().print(str(place))

    @group.command("verify", help=_("Compare the files here with what was published."))
    def verify_(name: Name, as_json: Json = False) -> None:
        from taotie.errors import DataError
        from taotie.files.fetch import present, verify
        from taotie.files.registry import dataset

        entry = dataset(name)
        rows = []
        for file in present(entry):
            from taotie.files.fetch import data_folder

            path = data_folder() / file.dataset / file.path
            try:
                verify(file, path)
                rows.append({"path": file.path, "ok": True, "why": ""})
            except DataError as error:
                rows.append({"path": file.path, "ok": False, "why": error.message})
        if as_json:
            print_json({"name": name, "files": rows, "absent": len(entry.files) - len(rows)})
        else:
            for r in rows:
                console().print(f"{_('right') if r['ok'] else _('WRONG')}  {r['path']}  {r['why']}")
            console().print(
                _("{n} of {total} files are here.").format(n=len(rows), total=len(entry.files))
            )
        if not all(r["ok"] for r in rows):
            raise typer.Exit(CHECK_FAILED)

    @group.command("path", help=_("Where a data set stands, or would stand."))
    def path_(name: Name, as_json: Json = False) -> None:
        from taotie.files.fetch import data_folder, present
        from taotie.files.registry import dataset

        entry = dataset(name)
        folder = data_folder() / entry.name
        if as_json:
            print_json({"name": name, "folder": str(folder), "present": len(present(entry))})
        else:
            typer.echo(str(folder))
