"""What stands on a form? Head, rows and foot in the language in force, shared by every layout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taotie.answer.parts.forms import Disclosure, status_word
from taotie.words.language import _, in_language, language

__all__ = ["FormRow", "FormSheet", "sheet_of"]


@dataclass(frozen=True)
class FormRow:
    """One row as printed."""

    symbol: str
    label: str
    text: str
    unit: str
    range: str
    status: str
    method: str
    missing: str

    @property
    def shown(self) -> str:
        """The text with its unit, which some texts name themselves, counted or not (`gCO2e/Mtoken` for `gCO2e/token`)."""
        if self.unit in ("", "1") or self.text == "N/A" or self.unit.split("/")[0] in self.text:
            return self.text
        return f"{self.text} {self.unit}"


@dataclass(frozen=True)
class FormSheet:
    """A form as printed."""

    title: str
    edition: str
    boundary: str
    rows: tuple[FormRow, ...]
    words: dict[str, str]
    sha256: str
    supersedes: str
    recipient: str
    draft: str
    notes: tuple[str, ...]
    lang: str


def sheet_of(made: Disclosure) -> FormSheet:
    """The form in the language in force."""
    b: dict[str, Any] = dict(made.boundary)
    words = {
        "accelerator": _("accelerators alone"), "server": _("server, host included"), "facility": _("facility, at the meter"),
        "grid": _("grid, network losses included"),
    }  # fmt: skip
    boundary = words[b["level"]]
    if "pue" in b:
        boundary += f", PUE {b['pue']:g}"
    if b.get("includes"):
        boundary += ", " + _("included: {what}").format(what=", ".join(b["includes"]))
    rows = tuple(
        FormRow(
            f.symbol, in_language(f.label, language()), f.text, f.unit,
            f"{f.low:.4g} – {f.high:.4g}" if f.low is not None and f.high is not None else "", status_word(f.status), f.method,
            "; ".join(in_language(m, language()) for m in f.missing),
        )
        for f in made.fields
    )  # fmt: skip
    return FormSheet(
        in_language(made.title, language()),
        _("Edition of the form: {version}").format(version=made.version),
        _("Boundary: {what}").format(what=boundary),
        rows,
        {
            "field": _("Field"), "value": _("Value"), "range": _("90 % range"), "status": _("Status"), "method": _("Method"),
            "missing": _("Missing"), "none": _("Fields of a form, not a statement of compliance."), "hash": _("Hash (SHA-256)"),
            "supersedes": _("Supersedes"), "recipient": _("For"), "draft": _("DRAFT rules: not in force"),
        },
        made.sha256,
        made.supersedes,
        made.recipient,
        _("DRAFT rules: not in force") if made.draft else "",
        tuple(s.text() for s in made.said),
        "zh-Hans" if language() == "zh" else "en",
    )  # fmt: skip
