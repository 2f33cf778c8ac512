"""What does a claims file hold? Statements of one article, with what stands behind each.

The file is TOML: an `[article]`, optionally its own `[source.KEY]` tables, and `[[claim]]` tables. A claim is
`computed` (a formula over figures decides; no verdict is stored) or `documented` (only a source decides; the
verdict is recorded with it). Every error names file, claim and field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from taotie.audit import verdict as verdicts
from taotie.audit.formula import Input
from taotie.errors import TaotieError, nearest
from taotie.quantity import catalog
from taotie.quantity.source import ACCESS, Source
from taotie.words.language import _

if TYPE_CHECKING:
    from taotie.quantity.figure import Figure


class ClaimError(TaotieError, ValueError):
    """A claims file, or one claim of it, that cannot be read."""


@dataclass(frozen=True)
class ClaimInput:
    """A named input of a claim: its numbers, and the figures or the source they come from."""

    name: str
    numbers: Input
    figures: tuple[Figure, ...] = ()
    source_key: str = ""
    access: str = "read"
    note: str = ""


@dataclass(frozen=True)
class Alternative:
    """Another formula that gives the stated number, with what it would mean."""

    formula: str
    note: Mapping[str, str]


@dataclass(frozen=True)
class Claim:
    """One statement of an article.

    Attributes
    ----------
    decided_by : str
        "computed" or "documented".
    verdict : str
        Recorded verdict of a documented claim; empty for a computed one.
    """

    id: str
    system: str
    decided_by: str
    says: Mapping[str, str]
    line: int | None = None
    stated: verdicts.Stated | None = None
    stated_per: str = ""
    formula: str = ""
    inputs: Mapping[str, ClaimInput] = field(default_factory=dict)
    bound: str = ""
    boundary: str = ""
    edition: str = ""
    outdated: str = ""
    verdict: str = ""
    note: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    source_value: Input | None = None
    alternative: Alternative | None = None
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Article:
    """The text whose claims are checked, and the claims."""

    claims: tuple[Claim, ...]
    author: str = ""
    outlet: str = ""
    title: str = ""
    title_en: str = ""
    date: str = ""
    url: str = ""
    checked: str = ""
    counted: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    path: str = ""

    def source(self, key: str) -> Source:
        """A source of the file itself, or of the catalogue."""
        return self.sources.get(key) or catalog.source(key)

    def claim(self, claim_id: str) -> Claim:
        """The claim with that id.

        Raises
        ------
        ClaimError
            If there is none; the message names the nearest.
        """
        for claim in self.claims:
            if claim.id == claim_id:
                return claim
        raise ClaimError(
            _("no claim {id}.").format(id=repr(claim_id)),
            nearest(claim_id, [c.id for c in self.claims]),
        )


def worst_access(marks: list[str]) -> str:
    """The weakest of several access marks."""
    return max(marks, key=ACCESS.index, default="read")
