"""How do the read-only pages get onto any web host? A folder of files that needs no service: `taotie serve --export DIR`.

Every link is relative, so the folder may stand anywhere. Pages that compute what one writes are left out, the first page
stands as it opens.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taotie.app.web.share import share_png
from taotie.app.web.site import (
    ASSETS,
    FIRST,
    PAGES,
    Addresses,
    chart_of,
    embedded_html,
    page_html,
    view_of,
)
from taotie.app.web.state import State
from taotie.errors import DataError
from taotie.files.atomic import write_bytes
from taotie.words.language import LANGUAGES, _, speaking

__all__ = ["EXPORTED", "StaticAddresses", "export"]

EXPORTED = (FIRST, *(name for name, one in PAGES.items() if one.fixed))


class StaticAddresses(Addresses):
    """Files beside each other: ``en/fleet.html``, its charts ``en/fleet.CHART.csv``, assets in ``static``."""

    live = False

    def page(self, name: str, state: State, lang: str = "", **changes: Any) -> str:
        """A file of the same folder, or of the other language's; a state leads nowhere here."""
        return self.action(name, "" if lang in ("", state.language) else lang)

    def action(self, name: str, lang: str) -> str:
        """The file of a page; the first page for one that is not exported."""
        file = f"{name}.html" if name in EXPORTED and name != FIRST else "index.html"
        return f"../{lang}/{file}" if lang else file

    def source(self, key: str, state: State) -> str:
        """A source in the one list of all."""
        return f"sources.html#source-{key}"

    def chart(self, page: str, chart: str, kind: str, state: State) -> str:
        """A file beside the page."""
        return f"{page}.{chart}.{'html' if kind == 'embed' else kind}"

    def share_picture(self, page: str, state: State) -> str:
        """A file beside the page."""
        return f"{page}.png"

    def asset(self, name: str) -> str:
        """A file of the folder `static`."""
        return f"../static/{name}"


def export(folder: Path) -> list[Path]:
    """Write the read-only pages in both languages; the files written.

    Raises
    ------
    DataError
        If something is in the folder already, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(
            _("{path} is not empty: nothing is overwritten.").format(path=folder),
            _("name a new folder"),
        )
    at = StaticAddresses()
    written: list[Path] = []

    def write(path: str, content: bytes) -> None:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(target, content)
        written.append(target)

    for one in sorted(ASSETS.iterdir()):
        write(f"static/{one.name}", one.read_bytes())
    for code in LANGUAGES:
        state = State(language=code, posted={"all": "yes"})
        for name in EXPORTED:
            write(f"{code}/{at.action(name, '')}", page_html(name, state, at).html.encode())
            write(f"{code}/{name}.png", share_png(name, state))
            with speaking(code):
                charts = view_of(name, state).charts
            for chart in charts:
                found = chart_of(name, chart.name, state)
                for kind, text in (("csv", found.csv()), ("json", found.json()), ("svg", found.file_svg())):  # fmt: skip
                    write(f"{code}/{at.chart(name, chart.name, kind, state)}", text.encode())
                page = embedded_html(name, found, state, at)
                write(f"{code}/{at.chart(name, chart.name, 'embed', state)}", page.encode())
    write("index.html", b'<!doctype html><meta charset="utf-8"><title>taotie</title><meta http-equiv="refresh" content="0; url=en/index.html"><a href="en/index.html">English</a> <a href="zh/index.html">\xe4\xb8\xad\xe6\x96\x87</a>')  # fmt: skip
    return written
