"""How is a source cited? As BibTeX, as CSL-JSON or as one line."""

from __future__ import annotations

import json
import re
from typing import Any

from taotie.errors import UnknownNameError, nearest
from taotie.quantity.source import Source
from taotie.words.language import _

STYLES = ("bibtex", "csl", "text")


def citation(source: Source, style: str = "text") -> str:
    """A source in one of `STYLES`.

    Raises
    ------
    UnknownNameError
        If the style is none of them.

    Examples
    --------
    >>> s = Source("iea2025", "Energy and AI", "International Energy Agency", "IEA, April 2025", date="2025-04-10")
    >>> print(citation(s, "bibtex"))
    @misc{iea2025,
      author = {{International Energy Agency}},
      title = {{Energy and AI}},
      howpublished = {IEA, April 2025},
      year = {2025}
    }
    """
    require_style(style)
    if style == "text":
        return source.citation
    if style == "csl":
        return json.dumps(csl(source), ensure_ascii=False, indent=1)
    fields = {
        "author": _bib_authors(source.author), "title": "{" + source.title + "}", "howpublished": source.where, "year": source.date[:4],
        "doi": source.doi, "eprint": source.arxiv, "url": source.url,
    }  # fmt: skip
    rows = [
        f"  {k} = {{{_escaped(v) if k not in ('url', 'doi') else v}}}"
        for k, v in fields.items()
        if v and v != "{}"
    ]
    return (
        "@"
        + ("article" if source.doi else "misc")
        + "{"
        + source.key
        + ",\n"
        + ",\n".join(rows)
        + "\n}"
    )


def require_style(style: str) -> None:
    """Refuse an unknown style, before anything is searched."""
    if style not in STYLES:
        raise UnknownNameError(
            _("{style} is no style of citation.").format(style=repr(style)), nearest(style, STYLES)
        )


def csl(source: Source) -> dict[str, Any]:
    """A source as CSL-JSON."""
    made: dict[str, Any] = {
        "id": source.key,
        "type": "article-journal" if source.doi else "webpage" if source.url else "report",
        "title": source.title,
    }
    if source.author:
        made["author"] = [{"literal": a} for a in _authors(source.author)]
    if source.where:
        made["container-title"] = source.where
    if source.date:
        parts = [int(p) for p in source.date.split("-") if p.isdigit()]
        made["issued"] = {"date-parts": [parts]} if parts else {"literal": source.date}
    for key, value in (("DOI", source.doi), ("URL", source.url), ("number", source.arxiv)):
        if value:
            made[key] = value
    return made


def _authors(text: str) -> list[str]:
    return [a.strip() for a in re.split(r";|\band\b", text) if a.strip()]


def _bib_authors(text: str) -> str:
    """Persons as they are; a body in braces, so that no program takes its last word for a surname."""
    made = []
    for author in _authors(text):
        person, several, _body = author.partition(" et al.")
        if several:
            made += [person, "others"]
        else:
            is_person = re.fullmatch(r"(?:[A-Z]\. ?)+[\w' -]+", author)
            made.append(author if is_person else "{" + author + "}")
    return " and ".join(made)


def _escaped(text: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", text)
