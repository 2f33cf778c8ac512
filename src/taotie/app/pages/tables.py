"""What else must a reader be able to check? Every figure with its tree, defaults, warnings, files, sources."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from taotie.answer.parts.study import Default, StudyResult
from taotie.app.charts.picture import cut, source_keys
from taotie.app.pages.headline import Tile, tile
from taotie.errors import SourceError
from taotie.quantity.catalog import figure as published_figure
from taotie.quantity.figure import Figure, leaves
from taotie.quantity.sampling import sampling
from taotie.quantity.source import Source
from taotie.quantity.wording import kind_word, note_text, origin, tree
from taotie.words.language import _, language
from taotie.words.said import spoken_range

N_FIGURE_MAX = 400
N_ROW_MAX = 1_000
TREE_CHARS_MAX = 20_000
TREES_CHARS_MAX = 400_000


@dataclass(frozen=True)
class FigureRow:
    """A named figure with its formula, its sources and its tree."""

    tile: Tile
    formula: str
    sources: tuple[str, ...]
    tree: str
    note: str


def figure_rows(result: StudyResult) -> list[FigureRow]:
    """One row for each named figure, in chain order."""
    rows = []
    room = TREES_CHARS_MAX
    listed = dict(list(result.figures.items())[:N_FIGURE_MAX])
    rows_of_their_own = {figure.content_hash for figure in listed.values() if not figure.is_leaf}
    for key, figure in listed.items():
        shown = _tree(figure, min(TREE_CHARS_MAX, room), rows_of_their_own)
        room -= len(shown)
        rows.append(
            FigureRow(
                tile(key, figure), cut(figure.formula, 400), source_keys([figure]), shown,
                cut(note_text(figure), 400),
            )
        )  # fmt: skip
    return rows


def _tree(figure: Figure, room: int, elsewhere: Collection[str]) -> str:
    """The tree of a figure, cut at a line end when it has no more room."""
    whole = tree(figure, elsewhere=elsewhere)
    if len(whole) <= room:
        return whole
    return whole[:room].rpartition("\n")[0] + "\n… " + _("(the whole tree is in result.json)")


@dataclass(frozen=True)
class DefaultRow:
    """A value the study left out."""

    key: str
    value: str
    reason: str
    kind: str
    source: str
    origin: str


def default_rows(defaults: Iterable[Default]) -> list[DefaultRow]:
    """One row for each default used."""
    rows = []
    for default in list(defaults)[:N_ROW_MAX]:
        figure = default.figure
        rows.append(
            DefaultRow(
                key=default.key,
                value=cut(spoken_range(default.value).text(), 200),
                reason=cut(default.reason.text(), 600),
                kind=kind_word(figure.kind) if figure is not None else "",
                source=figure.source.key if figure is not None and figure.source else "",
                origin=cut(origin(figure), 400) if figure is not None and figure.is_leaf else "",
            )
        )
    return rows


@dataclass(frozen=True)
class ComparedRow:
    """A published figure held against ours."""

    published: Tile
    ours: Tile
    ratio: Tile
    source: str
    why: str


def compared_rows(result: StudyResult) -> list[ComparedRow]:
    """One row for each comparison the study asked for; those not in the catalogue are left out."""
    rows = []
    with sampling(result.sampling.n, result.sampling.seed):
        for one in result.comparisons[:N_ROW_MAX]:
            try:
                published = published_figure(one.published)
            except SourceError:
                continue
            rows.append(
                ComparedRow(
                    tile(one.published, published),
                    tile(one.ours, result.figures[one.ours]),
                    tile(one.ratio, result.figures[one.ratio]),
                    published.source.key if published.source else "",
                    cut(one.why.text(), 1_200),
                )
            )
    return rows


@dataclass(frozen=True)
class SourceRow:
    """A source with its link and how it was read."""

    key: str
    mark: str
    access: str
    citation: str
    link: str
    licence: str
    note: str


def source_rows(figures: Iterable[Figure]) -> list[SourceRow]:
    """One row for each source behind `figures`."""
    found: dict[str, Source] = {}
    for leaf in leaves(list(figures)):
        if leaf.source is not None:
            found[leaf.source.key] = leaf.source
    return [source_row(found[key]) for key in sorted(found)][:N_ROW_MAX]


def source_row(source: Source) -> SourceRow:
    mark, access = {
        "read": ("✓", _("read")),
        "quoted": ("❝", _("quoted elsewhere, page not opened")),
        "memory": ("?", _("from memory, to be looked up")),
    }[source.access]
    if source.access == "read" and source.read_on:
        access = _("read on {date}").format(date=source.read_on)
    parts = (source.author, source.title, source.where, source.date)
    return SourceRow(
        key=source.key,
        mark=mark,
        access=access,
        citation=cut(". ".join(p.rstrip(".") for p in parts if p), 600),
        link=safe_link(source),
        licence=source.licence,
        note=cut(source.note, 400),
    )


def safe_link(source: Source) -> str:
    """Where the source is on the web; nothing but http(s) is ever linked."""
    if source.doi:
        return f"https://doi.org/{source.doi}"
    if source.arxiv:
        return f"https://arxiv.org/abs/{source.arxiv}"
    return source.url if source.url.startswith(("https://", "http://")) else ""


def file_rows(files: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """One row for each file the run read."""
    rows = []
    for file in list(files)[:N_ROW_MAX]:
        size = file.get("bytes")
        rows.append(
            {
                "name": cut(str(file.get("name", "")), 200),
                "sha256": str(file.get("sha256", "")),
                "short": str(file.get("sha256", ""))[:12],
                "size": f"{size:,}".replace(",", " ") if isinstance(size, int) else "–",
                "role": _role(file.get("role")),
                "licence": cut(str(file.get("licence") or "–"), 200),
                "citation": cut(str(file.get("citation") or "–"), 500),
            }
        )
    return rows


def _role(role: object) -> str:
    """What a file was read for, in the language in force."""
    known = {"trace": _("request trace"), "grid case": _("grid case")}
    return known.get(str(role), cut(str(role), 200)) if role else "–"


def title_of(result: StudyResult) -> str:
    """Title of the study in the language in force."""
    title = result.title.get(language()) or result.title.get("en") or _("Untitled study")
    return cut(title, 200)
