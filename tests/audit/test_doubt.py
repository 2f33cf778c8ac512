"""A number that does not fit is no accusation where the text may mean another thing that does."""

from __future__ import annotations

from rows import each_row
from taotie.audit.check import check


@each_row(
    ("says", "given", "kind", "what"),
    [
        ("Each of its ten halls draws 30 MW", "300 MW", "number", "ten"),
        ("Each of the 12 halls needs 30 MW", "360 MW", "number", "12"),
        ("It takes 2.9 Wh", "2.9 Wh/request", "count", "request"),
        ("The site uses 564 MWh", "564 MWh/d", "period", "day"),
        ("It drank 7,500 t", "7500 t/d", "period", "day"),
        ("用掉266.4万个GB卡·小时", "2.664e6 accelerator*h", "", ""),
    ],
)
def test_what_is_not_said_accuses_nobody(says: str, given: str, kind: str, what: str) -> None:
    made = check(says, given)
    assert made.verdict in ("not checkable", "reproduces")
    assert (made.unless.kind, made.unless.with_what) == (kind, what)
    if kind:
        assert what in made.why
        assert made.slip == ""
        assert made.to_json()["verdict"] == "not checkable"


@each_row(
    ("says", "given"),
    [
        ("Each of its ten halls draws 30 MW", "500 MW"),
        ("It takes 29 Wh a query", "2.9 Wh/request"),
        ("The site uses 564 MWh an hour", "564 MWh/d"),
        ("42 MWh", "42.7 MW"),
        ("这颗芯片的耗电量是700度", "700 W"),
        ("The run used 860 MWh a day", "860 MWh"),
    ],
)
def test_what_is_said_and_wrong_under_every_meaning_is_wrong(says: str, given: str) -> None:
    made = check(says, given)
    assert made.verdict in ("unit error", "inconsistent with its inputs")
    assert not made.unless


def test_the_number_left_is_the_claim() -> None:
    """Whatever it counts: the other numbers of the text are those the formula was given."""
    text = "It would take {} nuclear plants of the Vogtle class (1.1 GW apiece) to feed it"
    assert check(text.format("3.4"), "3.75 GW / (1.1 GW)").is_fine
    assert check(text.format("34"), "3.75 GW / (1.1 GW)").verdict == "inconsistent with its inputs"
    other = "It would take 34 plants and 20 lines to feed it"
    assert check(other, "3.75 GW / (1.1 GW)").verdict == "not checkable"


@each_row(
    ("says", "hedge"),
    [
        ("it never fell below 31 MW", "at_least"), ("it has not exceeded 31 MW", "at_most"), ("no more than 31 MW", "at_most"),
        ("负荷从来没有低于过8万千瓦", "at_least"), ("未超过8万千瓦", "at_most"), ("不低于8万千瓦", "at_least"),
    ],
)  # fmt: skip
def test_a_denied_bound_is_the_other_bound(says: str, hedge: str) -> None:
    made = check(says, "1 GW")
    assert made.reading.quantities[0].hedge == hedge
