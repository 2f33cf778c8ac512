"""Draws the two pictures of docs/concepts/accuracy.md: predicted beside measured energy, and error by batch.

    python benchmarks/plot_accuracy.py FOLDER_WITH_MEASURED_TABLES [src/taotie/app/pages/pictures]

Each model family is predicted by coefficients fitted without it, together with the served loads of other models.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import altair as alt
import numpy as np
import vl_convert
from PIL import Image

from taotie.compute.energy.measured_table import read_table
from taotie.compute.energy.runtime_profile import BATCH_BANDS
from taotie.compute.fit.calibration import left_out_predictions
from taotie.compute.fit.measured_rows import read_measured_rows
from taotie.compute.fit.refit import SERVED
from taotie.compute.fit.serving_rows import read_serving_rows
from taotie.compute.fit.validation import BAND_NAMES

NAMES = {"h100-sxm": "H100", "b200-sxm": "B200"}
COLORS = ["#2f6f9f", "#c8642c"]


def main() -> None:
    """Write accuracy_scatter.png and accuracy_by_batch.png."""
    folder = Path(sys.argv[1])
    out = Path(sys.argv[2] if len(sys.argv) > 2 else "src/taotie/app/pages/pictures")
    rows = read_measured_rows(folder / "mlenergy_v3" / "llm.csv")
    served = read_serving_rows([r for f in SERVED for r in read_table(folder / f)])
    p, _profiles = left_out_predictions(rows, None, served)
    band = np.searchsorted(BATCH_BANDS, rows.batch)
    points = [
        {
            "measured": float(m),
            "predicted": float(q),
            "accelerator": NAMES.get(g, g),
            "batch": BAND_NAMES[b],
            "miss": float(abs(q / m - 1) * 100),
        }
        for m, q, g, b in zip(
            rows.energy_j_per_token, p.energy_j_per_token, rows.gpu, band, strict=True
        )
    ]
    data = alt.Data(values=points)
    color = alt.Color("accelerator:N", scale=alt.Scale(range=COLORS), title=None)
    low, high = 0.02, 50.0
    scale = alt.Scale(type="log", domain=[low, high])
    dots = (
        alt.Chart(data)
        .mark_circle(size=14, opacity=0.55)
        .encode(
            x=alt.X("measured:Q", scale=scale, title="measured [J/token, accelerators]"),
            y=alt.Y("predicted:Q", scale=scale, title="predicted, family left out [J/token]"),
            color=color,
        )
    )
    lines = [
        alt.Chart(alt.Data(values=[{"x": low, "y": low * k}, {"x": high, "y": high * k}]))
        .mark_line(color="#777", strokeDash=dash, strokeWidth=1, clip=True)
        .encode(x=alt.X("x:Q", scale=scale), y=alt.Y("y:Q", scale=scale))
        for k, dash in ((1.0, [1, 0]), (2.0, [4, 3]), (0.5, [4, 3]))
    ]
    scatter = alt.layer(*lines, dots).properties(width=380, height=380)
    # quartiles of the error in each band, for each accelerator
    boxes = []
    for chip in sorted(set(rows.gpu)):
        for b, name in enumerate(BAND_NAMES):
            miss = [
                x["miss"]
                for x in points
                if x["batch"] == name and x["accelerator"] == NAMES.get(chip, chip)
            ]
            if miss:
                low_q, middle, high_q = np.quantile(miss, [0.25, 0.5, 0.75])
                boxes.append(
                    {
                        "accelerator": NAMES.get(chip, chip),
                        "batch": name,
                        "low": low_q,
                        "middle": middle,
                        "high": high_q,
                        "order": b,
                    }
                )
    base = alt.Chart(alt.Data(values=boxes)).encode(
        x=alt.X(
            "batch:N",
            sort=list(BAND_NAMES),
            title="requests that decode together",
            axis=alt.Axis(labelAngle=0),
        ),
        xOffset="accelerator:N",
        color=color,
    )
    title = "error of energy per token: quartiles [%]"
    bars = alt.layer(
        base.mark_bar(opacity=0.45).encode(y=alt.Y("low:Q", title=title), y2="high:Q"),
        base.mark_point(filled=True, size=60, opacity=1).encode(y=alt.Y("middle:Q", title=title)),
    ).properties(width=380, height=240)
    for name, chart in (("accuracy_scatter", scatter), ("accuracy_by_batch", bars)):
        drawn = vl_convert.vegalite_to_png(chart.to_json(), scale=1.0)
        # 32 colours: a tenth of the size, and every report holds the picture in both languages
        small = io.BytesIO()
        Image.open(io.BytesIO(drawn)).convert("RGB").quantize(32).save(small, "PNG", optimize=True)
        png = small.getvalue()
        (out / f"{name}.png").write_bytes(png)
        print(f"{out / name}.png {len(png) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
