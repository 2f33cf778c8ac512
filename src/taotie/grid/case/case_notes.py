"""What must a reader of a case's results know? Everything odd about its tables, as codes with values."""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["case_notes", "table_not_read"]


def case_notes(case: Any) -> tuple[Said, ...]:
    """Everything odd about a `Case`; nothing here stops a calculation."""
    notes: list[Said] = []

    def tell(code: str, message: str, count: int) -> None:
        if count:
            notes.append(Said(code, message, {"n": count}))

    on = case.branch_on
    x = case.branch[on, 3]
    out = int((case.branch[:, 10] == 0).sum())
    unrated = int(np.isinf(case.rate_a_mw[on]).sum())
    tell("synthetic", N_("synthetic grid: no actual lines or substations"), int(case.synthetic))
    if unrated and unrated == on.sum():
        tell(
            "no_ratings",
            N_("no branch has a rating ({n}): the case cannot limit a load"),
            unrated,
        )
    else:
        tell("unrated", N_("{n} branches without a rating are taken as unlimited"), unrated)
    tell("negative_reactance", N_("{n} branches have a negative reactance"), int((x < 0).sum()))
    tell(
        "zero_reactance",
        N_(
            "{n} branches have zero reactance: their ends are taken as one bus, and they are neither limited nor lost"
        ),
        int((x == 0).sum()),
    )
    tell("phase_shift", N_("{n} branches shift the phase"), int((case.branch[on, 9] != 0).sum()))
    tell(
        "negative_tap",
        N_("{n} branches have a tap ratio below 0, which turns the sign of their reactance"),
        int((case.branch[on, 8] < 0).sum()),
    )
    odd = sum(
        int((~np.isin(table[:, column], (0, 1))).sum())
        for table, column in ((case.branch, 10), (case.gen, 7), (case.dcline, 2))
    )
    tell(
        "odd_status",
        N_(
            "{n} rows have a status other than 0 and 1: above 0 counts as in service, below 0 for branches too"
        ),
        odd,
    )
    tell("out_of_service", N_("{n} branches are out of service"), out)
    tell(
        "self_loop",
        N_("{n} branches begin and end at the same bus and are left out"),
        int((case.from_row == case.to_row).sum()),
    )
    isolated = case.bus[:, 1] == 4
    tell("isolated_bus", N_("{n} buses are marked isolated"), int(isolated.sum()))
    tell(
        "load_at_isolated_bus",
        N_("{n} isolated buses carry load, which nothing serves"),
        int((isolated & (case.load_mw != 0)).sum()),
    )
    tell(
        "no_reference",
        N_("no bus is marked as reference; none is needed here"),
        int(not (case.bus[:, 1] == 3).any()),
    )
    tell(
        "dc_line",
        N_("{n} DC lines carry their scheduled power, whatever happens"),
        int((case.dcline[:, 2] > 0).sum()),
    )
    tell(
        "converted",
        N_("the file states ohm or kW; converted to per unit and MW"),
        int(bool(case.conversions)),
    )
    return tuple(notes)


# Tables that carry power or join buses, by the programs that write them.
_CARRY = {
    "switch": N_("table {name} ({n} rows) is not read: its switches join no buses here"),
    "storage": N_("table {name} ({n} rows) is not read: its storage gives and takes no power here"),
    **dict.fromkeys(
        ("convdc", "busdc", "branchdc", "gendc", "dcgrid", "dcconv", "dcbus", "dcbranch", "conv", "dclinecost"),
        N_("table {name} ({n} rows) is not read: the DC grid it belongs to carries nothing here"),
    ),
    **dict.fromkeys(
        ("bus3p", "line3p", "xfmr3p", "load3p", "gen3p", "buslink", "lc", "shunt3p"),
        N_("table {name} ({n} rows) is not read: three-phase parts are left out"),
    ),
    **dict.fromkeys(
        ("load", "shunt", "ne_branch", "trafo", "line"),
        N_("table {name} ({n} rows) is not read: the power or the branches in it are left out"),
    ),
}  # fmt: skip


def table_not_read(name: str, rows: int) -> Said:
    """That a table with rows stays behind, and what that means where it is known."""
    message = _CARRY.get(name.split(".")[0], N_("table {name} ({n} rows) is not read"))
    return Said("table_not_read", message, {"name": name, "n": rows})
