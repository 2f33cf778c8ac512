"""How large is the new load? Megawatts at the meter from ``150MW``, ``1.2GW`` or ``100000xh100``. [MW]"""

from __future__ import annotations

import re
from typing import Any

from taotie.errors import RangeError, TaotieError, UnitError
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.as_set import as_set
from taotie.words.language import _
from taotie.words.said import Said, in_each_language

__all__ = ["case_names_known", "load_figures", "load_mw", "load_said"]

MOST_MW = 1e7
"""Ten terawatts, about what all power stations of the world can give: a load above it is a slip of the unit. [MW]"""


def _counted(text: str) -> re.Match[str] | None:
    plain = text.strip().replace("_", "").replace(",", "")
    return re.fullmatch(r"(\d+)\s*[x*]\s*(\S+)", plain)


def load_mw(text: str, pue: float = 1.2) -> tuple[float, str]:
    """Megawatts at the meter, and how they came about.

    Raises
    ------
    RangeError
        If it is no load, or the PUE is below 1.

    Examples
    --------
    >>> load_mw("150 MW", 1.2)[0], load_mw("100000xh100", 1.15)[0]
    (150.0, 120.75)
    """
    if match := _counted(text):
        from taotie.hardware.accelerator import accelerator
        from taotie.hardware.server import server_of

        if pue < 1:
            raise RangeError(
                _("pue={value} is below 1.0: a facility uses at least its IT energy.").format(
                    value=pue
                )
            )
        host = server_of(accelerator(match[2]))
        power = (host.max_power_w or host.rated_power_w) / host.accelerators
        value = round(float(match[1]) * power * pue / 1e6, 9)
        if value > MOST_MW:
            raise RangeError(
                _("--load {text} is more than all power stations of the world give.").format(text=repr(text)),
                _("write 150MW, 1.2GW or 100000xh100."),
            )  # fmt: skip
        return value, _(
            "{n} x {name} at {power:.0f} W with host, PUE {pue:g}: {mw:.1f} MW at the meter"
        ).format(n=match[1], name=host.accelerator.label, power=power, pue=pue, mw=value)
    try:
        value = parse_quantity(text, "MW", bare="MW", name="--load")
    except (UnitError, RangeError):
        value = 0.0
    if value > MOST_MW:
        raise RangeError(
            _("--load {text} is more than all power stations of the world give.").format(text=repr(text)),
            _("write 150MW, 1.2GW or 100000xh100."),
        )  # fmt: skip
    if value > 0:
        return value, _("{mw} MW at the meter").format(mw=as_set(value))
    raise RangeError(
        _("--load {text} is not a load.").format(text=repr(text)),
        _("write 150MW, 1.2GW or 100000xh100."),
    )


def load_said(text: str, pue: float) -> Said:
    """How the load came about, in both languages."""
    return Said("load", "", {}, in_each_language(lambda: load_mw(text, pue)[1]))


def load_figures(text: str) -> list[Any]:
    """The published draw of a server that `load_mw` rests on; none where the load was given in watts."""
    from taotie.hardware.accelerator import accelerator
    from taotie.hardware.server import server_of
    from taotie.quantity.catalog import table

    match = _counted(text)
    if match is None:
        return []
    host, cells = server_of(accelerator(match[2])), table("servers")
    quantity = "max_power" if host.max_power_w else "rated_power"
    return [cells.figure(host.name, quantity)] if host.name in cells else []


def case_names_known() -> list[str]:
    """Names of the cases that are here, for completion."""
    try:
        from taotie.grid.case.case import case_names

        return list(case_names())
    except TaotieError:
        return []
