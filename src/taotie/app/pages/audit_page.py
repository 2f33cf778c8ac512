"""How does a person read an audit? One page: each claim beside its recomputation, verdict, reason and sources.

The page holds both languages, opens from a disk without a network, and works without its script (which only
filters, sorts and switches the language).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from taotie.answer.parts.audit import (
    MARKS,
    VERDICTS,
    Audit,
    ClaimInput,
    Result,
    access_word,
    bound_word,
    decided_word,
    interval,
    needed_text,
    percent,
    readable,
    slip_word,
    system_word,
    verdict_word,
)
from taotie.app.charts.audit_picture import MANY, ratio_picture, squares_picture
from taotie.app.pages.html import page_html
from taotie.files.atomic import write_bytes
from taotie.quantity import catalog
from taotie.words.language import _, language

CLASSES = {
    "reproduces": "fine",
    "rounding": "near",
    "unit error": "unit",
    "inconsistent with source": "wrong",
    "outdated": "old",
    "not checkable": "open",
}


def write_audit_page(audit: Audit, path: Path, opened: str | None = None) -> None:
    """Write the audit as one HTML file that needs nothing else.

    Parameters
    ----------
    audit : Audit
        What `audit_claims` found.
    path : Path
        Where the file shall stand; written aside, then renamed.
    opened : str, optional
        "en" or "zh": which language the file opens in; default: the one in force. Both are inside.

    Raises
    ------
    MissingExtraError
        If jinja2 is not installed.
    DataError
        If the place cannot be written.
    """
    write_bytes(path, audit_html(audit, opened).encode("utf-8"))


def audit_html(audit: Audit, opened: str | None = None) -> str:
    """The page as text; see `write_audit_page`."""
    return page_html(
        "audit.html", lambda: audit_half(audit), opened, style="audit.css", script="audit.js"
    )


def audit_half(audit: Audit) -> dict[str, Any]:
    """What the page of an audit says in the language in force."""
    article = audit.article
    counts = audit.counts
    marks = audit.access_counts
    n_inputs = max(sum(marks.values()), 1)
    keys = sorted({k for r in audit.results for k in r.source_keys})
    title = article.title
    if article.title_en and language() == "en":
        title = f"{article.title_en} ({article.title})"
    return {
        "code": language(),
        "title": title or _("Audit of published numbers"),
        "outlet": ", ".join(t for t in (article.author, article.outlet, article.date) if t),
        "url": article.url if article.url.startswith(("https://", "http://")) else "",
        "checked": article.checked,
        "n": len(audit.results),
        # each in a few lines, and only what differs: a browser shows thousands at once
        "many": len(audit.results) > MANY,
        "n_computed": sum(r.claim.decided_by == "computed" for r in audit.results),
        "counts": [
            {"word": verdict_word(v), "mark": MARKS[v], "n": counts[v], "css": CLASSES[v], "key": v}
            for v in VERDICTS
        ],
        "systems": [{"key": s, "word": system_word(s)} for s in audit.systems],
        "standard": _(
            "Of {n} inputs, {read} were read at their source, {quoted} are quoted from others, {memory} rest on memory."
        ).format(
            n=n_inputs,
            read=percent(marks["read"] / n_inputs),
            quoted=percent(marks["quoted"] / n_inputs),
            memory=percent(marks["memory"] / n_inputs),
        ),
        "squares": squares_picture(audit),
        "ratios": ratio_picture(audit),
        "claims": [_card(r, audit) for r in audit.results],
        "sources": [_source(k, audit) for k in keys],
        "w": _words(),
    }


def _words() -> dict[str, str]:
    return {
        "about": _("The audit: every number of the article recomputed"),
        "claims": _("claims"),
        "computed": _("decided by computing"),
        "documented": _("decided by a document"),
        "checked": _("checked"),
        "all": _("all"),
        "system": _("About"),
        "verdict": _("Verdict"),
        "decided": _("Decided by"),
        "order": _("Order"),
        "article_order": _("as in the article"),
        "ratio_order": _("furthest off first"),
        "line": _("line"),
        "stated": _("stated"),
        "recomputed": _("recomputed"),
        "supports": _("supporting calculation"),
        "source_value": _("the source's value"),
        "formula": _("formula"),
        "why": _("why"),
        "inputs": _("inputs"),
        "value": _("value"),
        "source": _("source"),
        "access": _("how we know"),
        "also": _("Otherwise computed"),
        "instead": _("Figure to use instead"),
        "sources": _("Sources"),
        "squares": _(
            "One square for each claim, by what it is about; a dashed square was decided by a document"
        ),
        "ratios": _("Stated over recomputed value of the computed claims"),
        "shown": _("claims shown"),
        "method": _(
            "A computed verdict is found by rules from the stated and the recomputed value alone; a documented one was "
            "decided by a person from the source named. Paraphrases are ours; the article is not reprinted."
        ),
        "none": _("no claim matches these filters"),
    }


def _card(result: Result, audit: Audit) -> dict[str, Any]:
    claim = result.claim
    ratio = result.ratio
    recomputed_word = _("recomputed")
    if claim.decided_by == "documented":
        recomputed_word = (
            _("supporting calculation") if result.formula_supports else _("the source's value")
        )
    tags = [
        bound_word(claim.bound),
        _boundary(claim.boundary),
        _("whole machine") if claim.boundary == "machine" else "",
        claim.edition,
    ]
    return {
        "id": claim.id,
        "line": claim.line,
        "says": claim.says[language()],
        "system": claim.system,
        "system_word": system_word(claim.system),
        "verdict": result.verdict,
        "verdict_word": verdict_word(result.verdict),
        "mark": MARKS[result.verdict],
        "css": CLASSES[result.verdict],
        "decided_by": claim.decided_by,
        "decided_word": decided_word(claim.decided_by),
        "stated": result.stated_text,
        "stated_value": claim.stated.value if claim.stated else "",
        "recomputed": result.recomputed_text,
        "recomputed_value": result.recomputed.value if result.recomputed else "",
        "recomputed_word": recomputed_word,
        "formula": claim.formula,
        "filled": result.filled,
        "ratio": "" if ratio is None else f"{ratio:.6g}",
        "ratio_short": "" if ratio is None else f"{ratio:.3g}",
        "why": result.why,
        "tags": [t for t in tags if t],
        "inputs": [_input(i, audit) for i in claim.inputs.values()],
        "needed": needed_text(result),
        "proposed": _proposed(result),
        "slip": _slip(result),
        "alternative": _alternative(result),
        "instead": [_instead(key) for key in claim.instead],
        "sources": list(claim.sources),
    }


def _boundary(level: str) -> str:
    if level in ("", "machine"):
        return ""
    from taotie.quantity.wording import boundary_word

    return boundary_word(level)


def _slip(result: Result) -> str:
    found = result.likely_slip
    return "" if found is None else _("likely slip: {slip}").format(slip=slip_word(found.kind))


def _proposed(result: Result) -> str:
    if not result.rules_alone:
        return ""
    return _("From the numbers alone the rules would propose: {verdict}.").format(
        verdict=verdict_word(result.rules_alone)
    )


def _alternative(result: Result) -> dict[str, str] | None:
    if result.alternative is None or result.claim.alternative is None:
        return None
    found = result.alternative
    value, unit = readable(found.value, found.unit)
    if result.unit is not None and found.unit.same_dimension(result.unit):
        value, unit = found.to(result.unit).value, result.unit
    return {
        "value": interval(value, value, unit),
        "filled": found.filled,
        "note": result.claim.alternative.note.get(language(), ""),
    }


def _input(given: ClaimInput, audit: Audit) -> dict[str, Any]:
    n = given.numbers
    figure = given.figures[0] if given.figures else None
    label = " – ".join(dict.fromkeys(f.name for f in given.figures)) if given.figures else ""
    source = audit.article.source(given.source_key) if given.source_key else None
    return {
        "name": given.name,
        "label": label,
        "value": interval(n.low, n.high, n.unit, 7),
        "key": given.source_key,
        "keys": [f.key for f in given.figures],
        "citation": source.citation if source else "",
        "locator": figure.locator if figure else "",
        "access": access_word(given.access),
        "access_key": given.access,
        "note": given.note or (figure.note if figure else ""),
    }


def _instead(key: str) -> dict[str, str]:
    from taotie.quantity.wording import text as figure_text  # loads NumPy; few claims need it

    figure = catalog.figure(key)
    return {
        "label": figure.name,
        "text": figure_text(figure),
        "source": figure.source.citation if figure.source else "",
        "key": key,
    }


def _source(key: str, audit: Audit) -> dict[str, str]:
    source = audit.article.source(key)
    return {"key": key, "citation": source.citation, "access": access_word(source.access)}
