"""What is a form? Fields with the text its rule asks for, the value behind it, and what is missing.

The text is rounded as the form wants; the value, its range and its sources stay beside it. A field that is not known is
listed with what is missing; nothing is filled in. The same facts give the same bytes and the same hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from taotie.errors import BoundaryError, RangeError
from taotie.policy.disclosure.facts import Fact, Facts
from taotie.words.language import N_, _, in_language, language
from taotie.words.said import Said

__all__ = [
    "Disclosure",
    "Field",
    "FormSpec",
    "magnitude",
    "needed_boundary",
    "plain_number",
    "scientific",
    "status_of",
    "status_word",
]


STATUS = {
    "measured": N_("measured"), "estimated": N_("estimated"), "given": N_("stated by the reporter"), "computed": N_("computed"),
    "not_available": N_("not available"),
}  # fmt: skip


def status_word(status: str) -> str:
    """The status of a field in words, in the language in force."""
    return in_language(STATUS[status], language()) if status in STATUS else status


@dataclass(frozen=True)
class Field:
    """One row of a form.

    Attributes
    ----------
    label : str
        Message marked with `N_`.
    text : str
        As the rule of the form wants it; "N/A" where nothing is known.
    status : str
        measured, estimated, given, computed or not_available.
    missing : tuple of str
        What would have to be known, as messages.
    symbol, concept : str
        Sign or paragraph of the form; name of the data point in the standard's taxonomy.
    """

    key: str
    label: str
    text: str = "N/A"
    value: float | str | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    status: str = "not_available"
    boundary: str | None = None
    method: str = ""
    sources: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    symbol: str = ""
    concept: str = ""

    def __post_init__(self) -> None:
        if self.status == "not_available" and not self.missing:
            raise RangeError(
                _("the field {key} is not available and does not say what is missing.").format(key=self.key)
            )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Plain values without the empty ones."""
        found: dict[str, Any] = {
            "label": self.label, "label_zh": in_language(self.label, "zh"), "text": self.text, "value": self.value,
            "unit": self.unit, "status": self.status,
        }  # fmt: skip
        if self.low is not None:
            found |= {"p05": self.low, "p95": self.high}
        for name in ("boundary", "method", "symbol", "concept"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        if self.sources:
            found["sources"] = list(self.sources)
        if self.missing:
            found["missing"] = [in_language(m, "en") for m in self.missing]
        return found


@dataclass(frozen=True)
class Disclosure:
    """A filled form.

    Attributes
    ----------
    form, version : str
        Key and edition of the form.
    title : str
        Message marked with `N_`: what the form is, never that it is complied with.
    boundary : mapping
        Level, PUE and what is included.
    document : mapping or None
        The file a standard asks for (CycloneDX, SPDX, BoAmps), beside the fields.
    draft : bool
        Whether the rules behind it are a draft.
    supersedes : str
        Hash of the version before.
    """

    form: str
    version: str
    title: str
    boundary: Mapping[str, Any]
    fields: tuple[Field, ...]
    document: Mapping[str, Any] | None = None
    recipient: str = ""
    supersedes: str = ""
    draft: bool = False
    passthrough: Mapping[str, Any] = field(default_factory=dict)
    said: tuple[Said, ...] = ()

    @property
    def missing(self) -> list[dict[str, str]]:
        """Every field that is not available, with what would have to be known."""
        return [
            {"field": f.key, "what": in_language(m, "en"), "what_zh": in_language(m, "zh")}
            for f in self.fields
            for m in f.missing
        ]

    def content(self) -> dict[str, Any]:
        """Everything that is hashed."""
        found: dict[str, Any] = {
            "form": self.form, "form_version": self.version, "title": self.title, "title_zh": in_language(self.title, "zh"),
            "supersedes": self.supersedes or None, "boundary": dict(self.boundary), "fields": {f.key: f.to_dict() for f in self.fields},
            "missing": self.missing,
        }  # fmt: skip
        if self.draft:
            found["draft"] = True
        if self.recipient:
            found["recipient"] = self.recipient
        if self.document is not None:
            found["document"] = dict(self.document)
        if self.passthrough:
            found["passthrough"] = dict(self.passthrough)
        if self.said:
            found["notes"] = [{"text": s.text("en"), "text_zh": s.text("zh")} for s in self.said]
        return found

    @property
    def sha256(self) -> str:
        """Of the content as canonical JSON."""
        text = json.dumps(self.content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """The content with its hash."""
        return {**self.content(), "sha256": self.sha256}


@dataclass(frozen=True)
class FormSpec:
    """A form that can be filled: its edition, source and how."""

    key: str
    version: str
    title: str
    source: str
    fill: Callable[[Facts, Mapping[str, Any]], Disclosure]
    recipients: Sequence[str] = ()


def scientific(value: float, digits: int = 2) -> str:
    """A number with so many significant figures, the carry included; ties go to the even digit.

    Raises
    ------
    RangeError
        If the value is not above 0.

    Examples
    --------
    >>> [scientific(v) for v in (1287, 99.6, 996, 0.0471, 5.14e17)]
    ['1.3x10^3', '1.0x10^2', '1.0x10^3', '4.7x10^-2', '5.1x10^17']
    """
    if not value > 0:
        raise RangeError(_("{value} has no significant figures.").format(value=value))
    number = Decimal(repr(float(value)))
    power = number.adjusted()
    mantissa = number.scaleb(-power).quantize(Decimal(1).scaleb(1 - digits), rounding=ROUND_HALF_EVEN)  # fmt: skip
    if mantissa >= 10:
        power += 1
        mantissa = (mantissa / 10).quantize(Decimal(1).scaleb(1 - digits))
    return f"{mantissa}x10^{power}"


def magnitude(value: float) -> str:
    """The power of ten not above a value.

    Examples
    --------
    >>> magnitude(3.14e23), magnitude(9.99e23)
    ('10^23', '10^23')
    """
    if not value > 0:
        raise RangeError(_("{value} has no significant figures.").format(value=value))
    return f"10^{Decimal(repr(float(value))).adjusted()}"


def plain_number(value: float, digits: int = 6) -> str:
    """A number for a cell, without superfluous zeros.

    Examples
    --------
    >>> plain_number(1.2), plain_number(18000.0), plain_number(0.10000000000000002)
    ('1.2', '18000', '0.1')
    """
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+" in text and abs(value) < 1e15 else text


def status_of(fact: Fact) -> str:
    """measured, given, or estimated."""
    return {"measured": "measured", "given": "given"}.get(fact.kind, "estimated")


def needed_boundary(
    facts: Facts, options: Mapping[str, Any], *found: Fact | None
) -> dict[str, Any]:
    """The boundary of a form: that of its energy, else as stated; without one no form is made.

    Raises
    ------
    BoundaryError
        If none is known, or the stated one contradicts the figure's.
    """
    stated = options.get("boundary")
    levels = {f.boundary for f in found if f is not None and f.boundary}
    if stated and levels - {stated}:
        other = sorted(levels - {stated})[0]
        raise BoundaryError(
            _("--boundary {a} was stated, but the figure is at the {b} boundary.").format(a=stated, b=other),
            f"--boundary {other}",
        )  # fmt: skip
    if len(levels) > 1:
        raise BoundaryError(
            _("figures at the {a} and the {b} boundary do not go into one form.").format(a=sorted(levels)[0], b=sorted(levels)[1]),
            _("take both to one boundary first"),
        )  # fmt: skip
    level = stated or next(iter(levels), None)
    if level is None:
        raise BoundaryError(
            _("no figure says where it was measured; a form without a boundary is not made."),
            _("--boundary facility, or accelerator, server, grid"),
        )
    pue = facts.number("1", "pue", "PUE")
    includes = [w.strip() for w in facts.text("includes").split(",") if w.strip()]
    found_: dict[str, Any] = {"level": level}
    if pue is not None:
        if float(pue.value) < 1:
            raise RangeError(_("pue={value:g} is below 1.0: a facility uses at least its IT energy.").format(value=float(pue.value)))  # fmt: skip
        found_["pue"] = float(pue.value)
    if includes:
        found_["includes"] = includes
    return found_
