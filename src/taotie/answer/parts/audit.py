"""What do pages and pictures of an audit take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taotie.audit.article import Audit, Result, audit_claims, needed_text
from taotie.audit.cite import citation
from taotie.audit.claim import ClaimInput
from taotie.audit.slip import slip_word
from taotie.audit.verdict import VERDICTS
from taotie.audit.wording import (
    MARKS,
    access_word,
    bound_word,
    decided_word,
    interval,
    percent,
    readable,
    system_word,
    verdict_word,
)

if TYPE_CHECKING:
    from taotie.audit.against import Match
    from taotie.audit.catalogue_search import Entry

__all__ = [
    "MARKS",
    "VERDICTS",
    "Audit",
    "ClaimInput",
    "Result",
    "access_word",
    "audit_claims",
    "bound_word",
    "citation",
    "decided_word",
    "interval",
    "match_line",
    "needed_text",
    "percent",
    "readable",
    "search",
    "slip_word",
    "system_word",
    "verdict_word",
]


def match_line(match: Match) -> str:
    """A figure of the catalogue beside what is stated, on one line."""
    # it reads sentences, of which most pages have none
    from taotie.audit.against import match_line as line

    return line(match)


def search(text: str, limit: int = 40) -> list[tuple[Entry, float]]:
    """Figures of the catalogue that share words with `text`."""
    from taotie.audit.catalogue_search import search as found

    return found(text, limit)
