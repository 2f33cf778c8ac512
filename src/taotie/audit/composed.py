"""What do two numbers of a text make together? A power times a time, a total over a count, two ends of a change."""

from __future__ import annotations

from taotie.audit.candidate import KNOWN, Candidate, as_dimension
from taotie.audit.reading import Quantity
from taotie.audit.verdict import Stated
from taotie.quantity.unit_text import PLAIN, Unit

_H = Unit("h")
_ROUND = (1.0, 10.0, 100.0, 1e3, 1e4)


def composed(usable: list[Quantity], unit: Unit) -> list[Candidate]:
    made: list[Candidate] = []
    amounts = [q for q in usable if q.kind in ("amount", "money")]
    counts = [q for q in usable if q.kind == "count"]
    for a in amounts:
        for b in [*amounts, *counts]:
            if a is b or abs(a.start - b.start) > 240:
                continue
            near = 2 if a.sentence == b.sentence else 4
            if b.kind == "amount" and b.unit.same_dimension(_H):
                for own in {a.unit} if a.period and a.firm else {a.unit, a.bare}:
                    made += _product(a, b, own, unit, near)
                    made += _quotient(a, b, own, b.unit, unit, near)
            elif b.kind == "count":
                for own in (a.unit, a.bare):
                    for below in (b.unit, b.bare):
                        made += _quotient(a, b, own, below, unit, near)
                    made += _product(a, b, own, unit, near + 1)
    if unit.same_dimension(PLAIN):
        made += _ratios(usable)
    return list({(c.stated.low, c.stated.high, c.how): c for c in made}.values())


def _product(a: Quantity, b: Quantity, own: Unit, unit: Unit, rank: int) -> list[Candidate]:
    whole = own * b.unit
    for scale, name in as_dimension(whole, unit):
        low, high = sorted((a.low * b.low * scale, a.high * b.high * scale))
        return [
            _of_two(
                low, high, name, a, b, a.hedge if a.hedge != "none" else b.hedge, "product", rank
            )
        ]
    return []


def _quotient(
    a: Quantity, b: Quantity, own: Unit, below: Unit, unit: Unit, rank: int
) -> list[Candidate]:
    if b.low <= 0:
        return []
    whole = own / below
    for scale, name in as_dimension(whole, unit):
        low, high = sorted((a.low / b.high * scale, a.high / b.low * scale))
        return [_of_two(low, high, name, a, b, a.hedge, "quotient", rank)]
    return []


def _of_two(
    low: float, high: float, unit: Unit, a: Quantity, b: Quantity, hedge: str, how: str, rank: int
) -> Candidate:
    half = abs(high) * (_share(a) + _share(b))
    hedge = hedge if hedge in KNOWN else "none"
    stated = Stated(low, high, unit, half, hedge, min(a.digits, b.digits))
    return Candidate(stated, (a, b), how, rank)


def _share(q: Quantity) -> float:
    """Half a unit of the last digit as a share; a part of a product is seldom rounded to its zeros."""
    return min(q.half / abs(q.value), 0.05) if q.value else 0.0


def _ratios(usable: list[Quantity]) -> list[Candidate]:
    """from 61 TWh to 183 TWh: three times, a rise of 200 %."""
    made: list[Candidate] = []
    ends = [q for q in usable if q.kind in ("amount", "money", "count")]
    for a in ends:
        for b in ends:
            if (
                a is b
                or not a.bare.same_dimension(b.bare)
                or a.value <= 0
                or a.sentence != b.sentence
            ):
                continue
            pair = a.role == "from" and b.role == "to" and a.value not in _ROUND  # of every 100 kWh
            if not pair and len(ends) != 2:
                continue
            ratio = b.value * b.bare.factor_to(a.bare) / a.value
            half = ratio * (min(_share(a), 0.02) + min(_share(b), 0.02))
            rank = 3 if pair else 7
            made.append(
                Candidate(
                    Stated(ratio, ratio, PLAIN, half, "none", min(a.digits, b.digits)),
                    (b, a),
                    "ratio",
                    rank,
                )
            )
            made.append(
                Candidate(
                    Stated(ratio - 1, ratio - 1, PLAIN, half, "none", min(a.digits, b.digits)),
                    (b, a),
                    "ratio",
                    rank,
                )
            )
    return made
