"""How is an energy label drawn? A neutral card: what was asked of what, the 80 % interval at three boundaries. [Wh/request]"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from taotie.app.charts import theme
from taotie.words.language import _

__all__ = ["label_svg"]


def label_svg(label: Mapping[str, Any]) -> str:
    """The card as SVG, in the language in force."""
    energy = label["energy"]
    names = {
        "energy_per_request_accelerator": _("accelerators alone"), "energy_per_request_server": _("server, host included"),
        "energy_per_request": _("facility, at the meter"),
    }  # fmt: skip
    top = max(v["p90"] for v in energy.values()) or 1.0
    lines = [
        (_("model"), str(label["inputs"]["model"])), (_("task"), str(label["task"])), (_("chip"), str(label["chip"])),
        (_("batch"), str(label["batch_law"])), ("PUE", str(label["pue"])), (_("grid"), f"{label['grid']['region']}, {label['grid'].get('year', '')}, {label['grid']['g_per_kwh']:g} g/kWh"),
    ]  # fmt: skip
    main = energy["energy_per_request"]
    interval = _("80 % interval {low} to {high} Wh, facility").format(
        low=f"{main['p10']:.3g}", high=f"{main['p90']:.3g}"
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 470" width="640" height="470" font-family=\'{theme.FONT}\'>',
        f"<title>{escape(_('Energy label'))}</title>",
        f'<rect x="1" y="1" width="638" height="468" rx="10" fill="{theme.PAPER}" stroke="{theme.INK}" stroke-width="2"/>',
        f'<text x="28" y="44" font-size="20" font-weight="600" fill="{theme.INK}">{escape(_("Energy of one request"))}</text>',
        f'<text x="28" y="96" font-size="42" font-weight="700" fill="{theme.AMBER_DEEP}">{main["p50"]:.3g} Wh</text>',
        f'<text x="28" y="122" font-size="14" fill="{theme.QUIET}">{escape(interval)}</text>',
    ]  # fmt: skip
    y = 156
    for key, name in names.items():
        one = energy[key]
        a, b, c = (220 + 380 * one[p] / top for p in ("p10", "p50", "p90"))
        parts.append(
            f'<text x="28" y="{y + 5}" font-size="14" fill="{theme.INK}">{escape(name)}</text>'
        )
        parts.append(f'<line x1="{a:.1f}" x2="{c:.1f}" y1="{y}" y2="{y}" stroke="{theme.AMBER}" stroke-width="8" stroke-linecap="round"/>')  # fmt: skip
        parts.append(f'<circle cx="{b:.1f}" cy="{y}" r="6" fill="{theme.AMBER_DEEP}"/>')
        y += 34
    y += 8
    for name, text in lines:
        parts.append(
            f'<text x="28" y="{y + 5}" font-size="14" fill="{theme.QUIET}">{escape(name)}</text>'
        )
        parts.append(
            f'<text x="220" y="{y + 5}" font-size="14" fill="{theme.INK}">{escape(text)}</text>'
        )
        y += 26
    co2 = label["emissions"]
    parts.append(f'<text x="28" y="{y + 5}" font-size="14" fill="{theme.QUIET}">CO2</text><text x="220" y="{y + 5}" font-size="14" fill="{theme.INK}">{co2["p50"]:.3g} g ({co2["p10"]:.3g} – {co2["p90"]:.3g})</text>')  # fmt: skip
    parts.append(f'<text x="28" y="454" font-size="10" fill="{theme.QUIET}">taotie {escape(str(label["taotie"]))} · seed {label["inputs"]["seed"]} · sha256 {label["sha256"][:16]}</text></svg>')  # fmt: skip
    return "\n".join(parts)
