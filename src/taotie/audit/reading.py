"""Which quantities does a text state? All of them, each with its place, unit, period, count, hedge and range.

A number with its unit phrase makes a `Quantity`; years, names (H100, GPT-4), dates and addresses are known and passed over. Which
of several quantities a formula speaks of is decided in `chosen.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from taotie.audit.quantity_at import START, quantity_at
from taotie.audit.quantity_said import Quantity
from taotie.audit.said_before import add_context
from taotie.audit.text_form import Tidy, sentences, tidy
from taotie.errors import RangeError, TaotieError
from taotie.quantity.copied import replace
from taotie.quantity.unit_text import Unit
from taotie.words import patterns as re
from taotie.words.language import _

__all__ = ["Quantity", "Reading", "read", "spoken"]


MAX_CHARACTERS = 5_000_000


@dataclass(frozen=True)
class Reading:
    """All quantities of a text, and what could not be read."""

    source: str
    form: Tidy
    quantities: tuple[Quantity, ...]
    unread: tuple[tuple[int, int, str], ...] = field(default=())

    def place(self, quantity: Quantity) -> tuple[int, int]:
        """Start and end of a quantity in the text as it was given."""
        return self.form.place(quantity.start), self.form.place(quantity.end)

    def sentence(self, quantity: Quantity) -> str:
        """The sentence it stands in."""
        return self.form.text[slice(*quantity.sentence)]

    @property
    def amounts(self) -> tuple[Quantity, ...]:
        """Everything but years and things nobody can name."""
        return tuple(
            q for q in self.quantities if q.kind not in ("year", "thing", "number", "short")
        )

    def text_of_all(self, most: int = 8) -> str:
        """What was read, as written; for messages."""
        texts = [" ".join(q.text.split()) for q in self.quantities]
        return ", ".join(t if len(t) <= 40 else t[:37] + "..." for t in texts[:most])

    def to_json(self, quantity: Quantity, subject: str = "") -> dict[str, Any]:
        """One quantity as plain values."""
        start, end = self.place(quantity)

        def clean(x: float) -> float:
            return float(f"{x:.12g}")

        return {
            "text": self.source[start:end], "place": [start, end], "value": clean(quantity.value),
            "low": clean(quantity.low), "high": clean(quantity.high), "unit": quantity.unit.text,
            "period": quantity.period or None, "count": quantity.count or None, "subject": subject or None,
            "hedge": quantity.hedge, "kind": quantity.kind,
        }  # fmt: skip


def spoken(reading: Reading) -> str:
    """The text from the first to the last sentence whose numbers are asked about; all of it where it has none."""
    if not reading.quantities:
        return reading.form.text
    return reading.form.text[
        min(q.sentence[0] for q in reading.quantities) : max(
            q.sentence[1] for q in reading.quantities
        )
    ]


def read(text: str) -> Reading:
    """All quantities of a text.

    Raises
    ------
    RangeError
        If the text is longer than `MAX_CHARACTERS`.

    Examples
    --------
    >>> r = read("The 1.2 GW campus near Abilene would run about 1 million US homes; it costs $3.2B.")
    >>> [(r.to_json(q)["text"], q.value, q.unit.text) for q in r.amounts]
    [('1.2 GW', 1.2, 'GW'), ('1 million US homes', 1000000.0, 'household'), ('$3.2B', 3200000000.0, 'USD')]
    >>> [(q.value, q.unit.text, q.hedge) for q in read("每天约用电50多万度，相当于1.7万户家庭").amounts]
    [(550000.0, 'kWh/d', 'about'), (17000.0, 'household', 'none')]
    """
    if len(text) > MAX_CHARACTERS:
        raise _too_long(len(text))
    form = tidy(text)
    found: list[Quantity] = []
    unread: list[tuple[int, int, str]] = [(p, p + 1, "digit") for p in form.foreign]
    for start, end in sentences(form.text):
        _read_sentence(form.text, start, end, found, unread)
    if _CENTS.search(form.text) and _EURO.search(form.text) and not _DOLLAR.search(form.text):
        found = [_in_euro(q) for q in found]
    return Reading(text, form, tuple(found), tuple(unread))


_CENTS = re.compile(r"\bcents?\b", re.IGNORECASE)
_EURO = re.compile(r"€|\beuros?\b|\bEUR\b", re.IGNORECASE)
_DOLLAR = re.compile(r"\$|\bdollar|\bUSD\b", re.IGNORECASE)


def _in_euro(q: Quantity) -> Quantity:
    """Cents of a text that knows euros and no dollars."""
    if q.kind != "money" or not _CENTS.search(q.text):
        return q
    made = {
        name: Unit(unit.text.replace("USD", "EUR"))
        for name, unit in (("unit", q.unit), ("bare", q.bare))
        if "USD" in unit.text
    }
    return replace(q, **made)


def _too_long(n: int) -> RangeError:
    return RangeError(
        _("a text of {n} characters is too long (limit {limit}).").format(
            n=n, limit=MAX_CHARACTERS
        ),
        _("check it in parts"),
    )


def _read_sentence(
    whole: str, start: int, end: int, found: list[Quantity], unread: list[tuple[int, int, str]]
) -> None:
    text = whole[start:end]
    at = 0
    first = len(found)
    while at < len(text):
        mark = START.search(text, at)
        if mark is None:
            break
        try:
            made, at = quantity_at(text, mark)
        except TaotieError:
            length = re.compile(r"[0-9.,eE+-]+").match(text, mark.start())
            at = max(mark.start() + 1, length.end() if length else 0)
            unread.append((start + mark.start(), start + at, "number"))
            continue
        if made is not None:
            found.append(
                replace(made, start=made.start + start, end=made.end + start, sentence=(start, end))
            )
    add_context(text, start, found, first)
