"""Are the published numbers of an article right? The ask behind `taotie audit`: a text, or a file of claims."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from taotie.answer.answer import Answer
from taotie.answer.asking import answers_with
from taotie.audit.article import Audit, audit_claims
from taotie.audit.cite import require_style
from taotie.audit.claim import ClaimError
from taotie.audit.claims_file import read_claims, shipped
from taotie.audit.text_form import SUFFIXES
from taotie.audit.verdict import HARMLESS, INCONSISTENT, UNIT_ERROR, VERDICTS
from taotie.quantity import catalog
from taotie.words.language import _

__all__ = ["audit", "claims_known", "is_wrong", "verdicts"]


@answers_with("audit")
def audit(
    claims: str = "article",
    *,
    system: str = "",
    verdict: str = "",
    decided_by: str = "",
    changes: Sequence[str] = (),
    by_ratio: bool = False,
    cite: str = "text",
) -> Answer:
    """Every number of an article as text, or every claim of a file, recomputed and held against the catalogue.

    Parameters
    ----------
    claims : str
        A text (.txt, .html, .md, or ``-`` for what is piped in), a claims file, or the name of a shipped one.
    system, verdict, decided_by : str
        Of a claims file: only claims about this, with this verdict, decided this way.
    changes : sequence of str
        Of a claims file: other values of inputs, ``claim.input=value``.
    by_ratio : bool
        The furthest off first.
    cite : str
        Style of citations: text, bibtex or csl.

    Returns
    -------
    Answer
        Its own keys: counts, claims, and of a text unread and between; `wrong` is true where a claim does not hold.

    Raises
    ------
    TaotieError
        If something cannot be read.
    """
    require_style(cite)
    if _is_text(claims):  # what reads sentences is not loaded for a file of claims
        from taotie.answer.check import audit_article

        found = audit_article(claims)
        return replace(found, settings={**found.settings, "claims": claims, "cite": cite})
    article = read_claims(claims)
    if changes:
        from taotie.audit.what_if import with_inputs

        article = with_inputs(article, _changes(changes))
    made = audit_claims(article)
    made = made.only(system=system or None, verdict=verdict or None, decided_by=decided_by or None)
    if by_ratio:
        made = Audit(made.article, tuple(sorted(made.results, key=_distance, reverse=True)))
    sources = dict.fromkeys(key for r in made.results for key in r.source_keys)
    return Answer(
        "audit",
        {
            "claims": claims, "system": system, "verdict": verdict, "decided_by": decided_by,
            "changes": list(changes), "by_ratio": by_ratio,
        },
        own=_Told(made),
        more_sources={k: catalog.source(k).to_dict() for k in sources if k in catalog.source_keys()},
        detail=made,
    )  # fmt: skip


class _Told(Mapping[str, Any]):
    """What an audit says of itself; its claims are written down when somebody looks at them."""

    _keys = ("counts", "claims", "wrong")

    def __init__(self, made: Audit) -> None:
        self._made = made

    def __getitem__(self, key: str) -> Any:
        if key == "wrong":
            return any(r.verdict not in HARMLESS for r in self._made.results)
        if key not in self._keys:
            raise KeyError(key)
        return self._plain[key]

    @cached_property
    def _plain(self) -> dict[str, Any]:
        return self._made.to_json()

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def is_wrong(answer: Answer) -> bool:
    """Whether a claim does not hold."""
    if "wrong" in answer.own:
        return bool(answer.own["wrong"])
    return any(c.verdict in (INCONSISTENT, UNIT_ERROR) for c in answer.detail.claims)


def claims_known() -> list[str]:
    """What can be audited by name."""
    return ["article", *shipped()]


def verdicts() -> list[str]:
    """The verdicts there are."""
    return list(VERDICTS)


def _is_text(claims: str) -> bool:
    return claims == "-" or claims.lower().endswith(SUFFIXES)


def _changes(texts: Sequence[str]) -> dict[str, str]:
    """`claim.input=value` as a mapping."""
    made: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or "." not in key or not value.strip():
            raise ClaimError(
                _("--set {text} is not claim.input=value.").format(text=repr(text)),
                _("such as --set 'phone-100.per_charge=12 Wh/charge'"),
            )
        made[key.strip()] = value.strip()
    return made


def _distance(result: Any) -> float:
    """How far stated and recomputed are apart, on a logarithmic scale; another dimension first."""
    if result.finding is not None and result.finding.rule == "dimension":
        return math.inf
    ratio = result.ratio
    if ratio is None or ratio <= 0 or not math.isfinite(ratio):
        return -1.0
    return abs(math.log(ratio))
