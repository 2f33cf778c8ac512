"""What does a drawing look like? Colours for light and dark paper, the font stack.

Amber is energy, blue is the grid, grey is what nobody knows. Drawings are made in the light colours; on dark
paper style rules replace each colour by its counterpart, so one drawing serves both.
"""

from __future__ import annotations

FONT = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans SC", "Noto Sans CJK SC",'
    ' "PingFang SC", "Microsoft YaHei", sans-serif'
)
PAPER = "#fbfaf6"
INK = "#0f1419"
QUIET = "#545e67"
RULE = "#d9d5ca"
AMBER = "#d98a00"
AMBER_DEEP = "#8f5600"
BLUE = "#2b6cb0"
GREY = "#8c949b"

# Loading of a branch: light to deep blue while there is room, amber when tight, red when over.
LOADING_STEPS = (0.4, 0.6, 0.8, 0.95, 1.0)
LOADING_COLOURS = ("#b4cfe7", "#7fb0d9", "#3f83bf", "#e2a11b", "#d96b0b", "#b3261e")

DARK = {
    PAPER: "#11161b",
    INK: "#ece9e1",
    QUIET: "#a3adb5",
    RULE: "#333c44",
    AMBER: "#f0ab3c",
    AMBER_DEEP: "#f3bd66",
    BLUE: "#6fb0ec",
    GREY: "#89929a",
    LOADING_COLOURS[0]: "#34536f",
    LOADING_COLOURS[1]: "#477aa5",
    LOADING_COLOURS[2]: "#6fb0ec",
    LOADING_COLOURS[5]: "#ff7063",
}


def dark_rules() -> str:
    """Style rules that turn a drawing made for light paper into one for dark paper."""
    lines = []
    for light, dark in DARK.items():
        lines.append(f'.drawing svg [fill="{light}"]{{fill:{dark}}}')
        lines.append(f'.drawing svg [stroke="{light}"]{{stroke:{dark}}}')
    return "\n".join(lines)


def loading_colour(loading: float) -> str:
    """Colour of a branch by its flow over its rating; grey where that is unknown."""
    if loading != loading:  # a NaN: no rating
        return GREY
    for step, colour in zip(LOADING_STEPS, LOADING_COLOURS, strict=False):
        if loading < step:
            return colour
    return LOADING_COLOURS[-1]
