"""Is a sentence or an article right? What it says, what it follows from, what the catalogue says, and a citation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asking import answers_with
from taotie.audit import verdict as verdicts
from taotie.audit.against import (
    Match,
    against,
    by_subject,
    figure_json,
    figure_line,
    match_line,
)
from taotie.audit.catalogue_search import Entry
from taotie.audit.check import Check
from taotie.audit.check import check as checked
from taotie.audit.cite import require_style
from taotie.audit.formula_text import FormulaError
from taotie.audit.reading import Reading, read
from taotie.audit.statement import read_statement
from taotie.audit.wording import verdict_word
from taotie.quantity import catalog
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = [
    "audit_article",
    "check_sentence",
    "figure_line",
    "is_wrong",
    "match_line",
    "verdict_word",
]
MAX_OF_SUBJECT = 2000
LEAST_BESIDE_A_FORMULA = 3.0
"""What a figure must fit to be worth telling where the inputs already decide."""


@answers_with("check")
def check_sentence(
    says: str = "", given: str = "", *, per: str = "", source_range: str = "", cite: str = "text"
) -> Answer:
    """One sentence, against its inputs where they are given, and against the catalogue.

    Parameters
    ----------
    says : str
        The sentence, English or Chinese.
    given, per, source_range : str
        The formula it should follow from, what its value is published per, and what the source gives.
    cite : str
        Style of the citation: bibtex, csl or text.

    Returns
    -------
    Answer
        Its own keys: read, chosen, verdict, slip, ratio, against, cite, and what `Check.to_json` gives.

    Raises
    ------
    TaotieError
        If one of the texts cannot be read, or nothing is stated.

    Examples
    --------
    >>> check_sentence("42 MWh", "100000 * 700 W * 0.61").own["verdict"]
    'unit error'
    >>> check_sentence("Data centres worldwide used 415 TWh in 2024").own["against"][0]["key"]
    'iea2025_energy_and_ai.world_data_centers_2024'
    """
    from taotie.audit.cite import citation

    require_style(cite)
    settings = {"says": says, "from": given, "per": per, "source_range": source_range, "cite": cite}
    made: Check | None = None
    subjects: list[Entry] = []
    if given.strip() or source_range.strip():
        made = checked(says, given, per=per, source_range=source_range)
        reading = made.reading
        # what the sentence claims, not what it follows from
        claimed = (made.chosen.main,) if made.chosen is not None else reading.quantities
        found = against(replace(reading, quantities=claimed))
        matches = [m for m in found if m.same_scope and m.score >= LEAST_BESIDE_A_FORMULA]
        own = made.to_json()
    else:
        reading, subjects = _read(says)
        matches = [] if subjects else against(reading)
        subjects = subjects or ([] if matches else by_subject(says))
        own = _by_catalogue(reading, matches)
    own["against"] = [m.to_json() for m in matches] or [figure_json(e) for e in subjects]
    entries = [m.entry for m in matches] or subjects
    own["cite"] = citation(catalog.source(entries[0].source), cite) if entries else None
    figures = _Held(tuple(e.key for e in entries[:3]))
    return Answer(
        "check",
        settings,
        figures,
        said=_said(made, matches, subjects),
        own=own,
        detail=(made, reading, matches, subjects),
    )


def _read(says: str) -> tuple[Reading, list[Entry]]:
    """A sentence, read; one that says no number is told what the catalogue has on its subject."""
    try:
        return read_statement(says), []
    except FormulaError:
        found = by_subject(says) if len(says) <= MAX_OF_SUBJECT else []
        if not found:
            raise
        return read(says), found


class _Held(Mapping[str, Any]):
    """Figures of the catalogue by key, each loaded when it is looked at."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = dict.fromkeys(keys)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return catalog.figure(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def is_wrong(answer: Answer) -> bool:
    """Whether the sentence does not hold; one that only the catalogue could judge, and cannot, is not wrong."""
    asked, verdict = answer.settings, answer.own["verdict"]
    alone = not (asked["from"].strip() or asked["source_range"].strip())
    return verdict not in verdicts.HARMLESS and not (alone and verdict == verdicts.NOT_CHECKABLE)


def _by_catalogue(reading: Reading, matches: list[Match]) -> dict[str, Any]:
    best = matches[0] if matches else None
    verdict = verdicts.NOT_CHECKABLE
    chosen = None
    if best is not None:
        chosen = reading.to_json(best.quantity, best.entry.scope.words)
        verdict = best.verdict
        # a sentence another figure of the same scope agrees with is not called wrong
        if verdict not in verdicts.HARMLESS:
            agreeing = [m for m in matches if m.verdict in verdicts.HARMLESS]
            verdict = agreeing[0].verdict if agreeing else verdict
    return {
        "read": [reading.to_json(q) for q in reading.quantities],
        "chosen": chosen,
        "verdict": verdict,
        "slip": None,
        "ratio": float(f"{best.ratio:.6g}") if best else None,
    }


def _said(made: Check | None, matches: list[Match], subjects: list[Entry]) -> tuple[Said, ...]:
    said: list[Said] = []
    if subjects:
        said.append(
            Said("only_subject", N_("Figures of its subject; no number of the sentence can be held against them."))
        )  # fmt: skip
    elif made is None and not matches:
        said.append(
            Said("nothing_found", N_("The catalogue has no figure of this subject and dimension."))
        )
    if matches and matches[0].entry.supersedes:
        said.append(
            Said(
                "superseded",
                N_("The figure {old} has been superseded by {new}."),
                {"old": matches[0].entry.key, "new": matches[0].entry.supersedes},
            )
        )
    return tuple(said)


def audit_article(path: str) -> Answer:
    """Every number of an article: a text, HTML or Markdown file, or ``-`` for what is piped in.

    Returns
    -------
    Answer
        Its own keys: claims, unread, between, counts.

    Raises
    ------
    DataError
        If the file cannot be read, is too large, or holds nothing that can be checked.
    """
    from taotie.audit.article_text import article_source, audit_text

    made = audit_text(article_source(path), path if path != "-" else "")
    said: tuple[Said, ...] = ()
    if len(made.claims) > made.searched:
        said = (
            Said("only_first", N_("Only the first {n} of {all} numbers were held against the catalogue."), {"n": made.searched, "all": len(made.claims)}),
        )  # fmt: skip
    return Answer("audit", {"file": path}, said=said, own=made.to_json(), detail=made)
