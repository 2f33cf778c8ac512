"""How is a claims file read? TOML to an `Article`; every error names file, claim and field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from taotie.audit.claim import Article, Claim, ClaimError
from taotie.audit.claim_reader import ClaimReader, numbers_of
from taotie.audit.formula import Input
from taotie.errors import TaotieError, nearest
from taotie.files.read import of_others, read_toml
from taotie.quantity import catalog
from taotie.quantity.source import Source, source_from
from taotie.words.language import _
from taotie.words.listing import listing

CLAIMS = Path(__file__).resolve().parent.parent / "data" / "claims"
MAX_BYTES = 500_000
MAX_CLAIMS = 5_000

_ARTICLE_FIELDS = {
    "key", "author", "outlet", "title", "title_en", "date", "language", "checked", "url", "counted",
}  # fmt: skip


def shipped() -> list[str]:
    """Names of the claims files that come with the project."""
    return sorted(p.stem for p in CLAIMS.glob("*.toml"))


def find(name: str | Path = "article") -> Path:
    """Path of a claims file: a file, a shipped name, or "article" for the first shipped one.

    Raises
    ------
    ClaimError
        If there is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    known = shipped()
    text = str(name)
    if text == "article" and known:
        return CLAIMS / f"{known[0]}.toml"
    if text in known:
        return CLAIMS / f"{text}.toml"
    raise ClaimError(
        _("no claims file {name}.").format(name=repr(text)),
        _("give a path, or one of: {names}").format(names=listing(["article", *known])),
    )


@of_others(ClaimError)
def read_claims(name: str | Path = "article") -> Article:
    """The article in a claims file.

    Raises
    ------
    ClaimError
        If the file or a claim in it cannot be read; the message names file, claim and field.

    Examples
    --------
    >>> article = read_claims()
    >>> len(article.claims)
    98
    """
    path = find(name)
    values = read_toml(path, MAX_BYTES, ClaimError)
    return claims_from(values, path.name)


def claims_from(values: Mapping[str, Any], file: str = "claims") -> Article:
    """The article in the plain values of a claims file.

    Raises
    ------
    ClaimError
        As `read_claims`.
    """
    unknown = sorted(set(values) - {"article", "source", "claim"})
    if unknown:
        raise ClaimError(
            _("{file}: unknown table [{name}].").format(file=file, name=unknown[0]),
            nearest(unknown[0], ["article", "source", "claim"]),
        )
    head = values.get("article", {})
    if not isinstance(head, Mapping):
        raise ClaimError(_("{file}: [article] is not a table.").format(file=file))
    strange = sorted(set(head) - _ARTICLE_FIELDS)
    if strange:
        raise ClaimError(
            _("{file}: [article] has the unknown field {name}.").format(file=file, name=strange[0]),
            nearest(strange[0], _ARTICLE_FIELDS),
        )
    counted = _words(head.get("counted", []), f"{file}: [article] counted")
    own: dict[str, Source] = {}
    tables = values.get("source", {})
    for key, fields in tables.items() if isinstance(tables, Mapping) else ():
        try:
            own[key] = source_from(key, fields, f"{file}: [source.{key}]")
        except (TaotieError, TypeError, AttributeError) as error:
            raise ClaimError(
                _("{file}: [source.{key}] cannot be read: {what}").format(
                    file=file, key=key, what=getattr(error, "message", error)
                ),
                getattr(error, "hint", ""),
            ) from None
    entries = values.get("claim", [])
    if not isinstance(entries, list) or not entries:
        raise ClaimError(
            _("{file} holds no [[claim]].").format(file=file),
            _("a claims file has one [[claim]] table for each statement"),
        )
    if len(entries) > MAX_CLAIMS:
        raise ClaimError(
            _("{file} holds {n} claims; the limit is {limit}.").format(
                file=file, n=len(entries), limit=MAX_CLAIMS
            )
        )
    claims: list[Claim] = []
    seen: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        claim = ClaimReader(file, number, entry, counted, own).claim()
        if claim.id in seen:
            raise ClaimError(
                _("{file}: claim {id}, field id: used twice.").format(file=file, id=claim.id),
                _("give each claim its own id"),
            )
        seen.add(claim.id)
        claims.append(claim)
    text = {k: v.isoformat() if isinstance(v, date) else str(v) for k, v in head.items()}
    return Article(
        claims=tuple(claims),
        counted=counted,
        sources=own,
        path=file,
        **{
            k: text.get(k, "")
            for k in ("author", "outlet", "title", "title_en", "date", "url", "checked")
        },
    )


def _words(values: Any, where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(
        isinstance(v, str) and re.fullmatch(r"[a-z]{2,30}", v) for v in values
    ):
        raise ClaimError(_("{where} must be a list of words in small letters.").format(where=where))
    return tuple(values)


def catalogue_input(key: str) -> Input:
    """The numbers of a catalogue figure, for a name in a formula.

    Raises
    ------
    SourceError
        If there is no such figure.
    """
    return numbers_of((catalog.figure(key),), 0.0)


def memory_marked(article: Article | None = None) -> Iterator[tuple[str, str, str]]:
    """Claim, input and source of every input that rests on memory: still to be looked up."""
    whole = article or read_claims()
    for claim in whole.claims:
        for given in claim.inputs.values():
            if given.access == "memory":
                yield claim.id, given.name, given.source_key
