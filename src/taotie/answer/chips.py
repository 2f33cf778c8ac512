"""Which accelerators are in the table, and what can one do? The ask behind `taotie chips`. [FLOP/s, B, B/s, W]"""

from __future__ import annotations

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["chips"]

COLUMNS = (
    Column("name", "", N_("chip")),
    Column("label", "", N_("full name")),
    Column("maker", "", N_("maker")),
    Column("peak_bf16_flop_s", "FLOP/s", N_("dense peak, 16 bit")),
    Column("memory_b", "B", N_("memory")),
    Column("bandwidth_b_s", "B/s", N_("bandwidth")),
    Column("tdp_w", "W", N_("rated power")),
    Column("formats", "", N_("number formats")),
    Column("launch", "", N_("launch")),
    Column("assumed", "", N_("not from the maker")),
)


@answers_with("chips")
def chips(chip: str = "") -> Answer:
    """The table of accelerators, or one of them with its sourced quantities and the host around it.

    Raises
    ------
    UnknownNameError
        If no accelerator has that name; the hint gives the nearest.

    Examples
    --------
    >>> chips("H100 SXM").own["name"]
    'h100-sxm'
    """
    from taotie.hardware.accelerator import accelerator, accelerators
    from taotie.hardware.server import host_draw, machine_notes, server_of
    from taotie.quantity.catalog import table

    found = [accelerator(chip)] if chip else list(accelerators().values())
    rows = []
    for a in found:
        marks = [*a.estimated, *(["host"] if server_of(a).stand_in else [])]
        rows.append(
            (
                a.name,
                a.label,
                a.maker,
                a.peak_bf16_flop_s,
                a.memory_b,
                a.bandwidth_b_s,
                a.tdp_w,
                " ".join(a.formats),
                a.launch,
                " ".join(marks),
            )
        )
    tables = {"chips": Table(COLUMNS, tuple(rows))}
    if not chip:
        said = Said(
            "chips_listed",
            N_(
                "{n} chips; what the maker does not publish is a marked range, and so is a host that is not in the "
                "table of servers."
            ),
            {"n": len(rows)},
        )
        return Answer("chips", {}, tables=tables, said=(said,))
    a = found[0]
    cells = table("accelerators")
    figures = {}
    for quantity in (
        "peak_bf16",
        "peak_fp8",
        "peak_fp4",
        "memory",
        "bandwidth",
        "tdp",
        "idle_power",
    ):
        if (cell := cells.cells.get((a.name, quantity))) is not None and cell["value"]:
            figures[quantity] = cells.figure(a.name, quantity)
    draw = host_draw(a)
    figures |= {"host_idle_power": draw.idle, "host_max_power": draw.most}
    own = {"name": a.name, "formats": list(a.formats), "assumed": rows[0][-1].split()}
    return Answer("chips", {"chip": chip}, figures, tables=tables, said=machine_notes(a), own=own)
