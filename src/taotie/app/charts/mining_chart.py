"""How did Bitcoin's electricity go, and between which bounds? A chart of the three estimates. [TWh/a]"""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.answer.parts.mining import MiningEnergy
from taotie.app.charts import theme
from taotie.app.charts.drawn import drawn
from taotie.app.charts.vega_lite import Sheet, panel, quantity, y_axis
from taotie.words.language import _

N_POINT_MAX = 1500


def spec(energy: MiningEnergy) -> dict[str, Any]:
    """Band from lower to upper bound and the best guess, on a log axis, as a Vega-Lite specification."""
    known = np.flatnonzero(np.isfinite(energy.best_twh) & (energy.lower_twh > 0))
    step = max(1, -(-known.size // N_POINT_MAX))
    values = [
        {
            "day": str(energy.days[i]),
            "lower": round(float(energy.lower_twh[i]), 6),
            "best": round(float(energy.best_twh[i]), 6),
            "upper": round(float(energy.upper_twh[i]), 6),
        }
        for i in known[::step]
    ]
    title = _("Bitcoin at the mine's meter, TWh/a at {price:g} USD/kWh (log scale)").format(
        price=energy.price_usd_per_kwh
    )
    x = {"field": "day", "type": "temporal", "title": None, "scale": {"type": "utc"}}

    def y(field: str) -> dict[str, Any]:
        return quantity(field, scale={"type": "log"}, axis=y_axis(title))

    sheet = Sheet()
    layers = [
        sheet.layer(values, {"type": "area", "color": theme.GREY, "opacity": 0.25}, x=x, y=y("lower"), y2={"field": "upper"}),
        sheet.layer(values, {"type": "line", "color": theme.AMBER, "strokeWidth": 2}, x=x, y=y("best")),
    ]  # fmt: skip
    return sheet.spec(panel(layers, 820, 380))


def mining_svg(energy: MiningEnergy) -> str:
    """The chart as SVG."""
    return drawn(spec(energy))
