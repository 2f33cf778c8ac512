"""How did Bitcoin's electricity go, and between which bounds? A chart of the three estimates. [TWh/a]"""

from __future__ import annotations

from typing import Any

import numpy as np

from taotie.answer.parts.mining import MiningEnergy
from taotie.app.charts import theme
from taotie.app.charts.picture import altair, channels, chart_spec, static_svg
from taotie.words.language import _

N_POINT_MAX = 1500


def spec(energy: MiningEnergy) -> dict[str, Any]:
    """Band from lower to upper bound and the best guess, on a log axis, as a Vega-Lite specification."""
    alt = altair()
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
    scale = alt.Scale(type="log")
    base = alt.Chart(alt.Data(values=tuple(values))).encode(
        **channels(x=alt.X("day:T", title=None))
    )
    chart = alt.layer(
        base.mark_area(color=theme.GREY, opacity=0.25).encode(
            **channels(y=alt.Y("lower:Q", scale=scale, title=title), y2="upper:Q")
        ),
        base.mark_line(color=theme.AMBER, strokeWidth=2).encode(
            **channels(y=alt.Y("best:Q", scale=scale))
        ),
    ).properties(width=820, height=380)
    return chart_spec(chart)


def mining_svg(energy: MiningEnergy) -> str:
    """The chart as SVG.

    Raises
    ------
    MissingExtraError
        If the extra `report` is not installed.
    """
    return static_svg(spec(energy))
