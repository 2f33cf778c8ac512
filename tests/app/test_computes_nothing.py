"""Do doors only show? A statistic over samples, buses or hours belongs to a room, where it has one definition."""

import ast
from pathlib import Path

import taotie

APP = Path(taotie.__file__).parent / "app"
STATISTICS = {
    "average", "mean", "median", "nanmean", "nanmedian", "nanpercentile", "percentile", "quantile", "std", "var",
}  # fmt: skip
# what only makes a drawing fit its paper
DRAWING = {
    ("charts/building_chart.py", "_spec", "mean"): "the middle line of a day's band",
    ("charts/grid_capacity_map.py", "_paper", "mean"): "latitude in the middle of a map",
    ("charts/grid_capacity_map.py", "_hexagons", "percentile"): "size of the hexagons",
    ("charts/grid_map.py", "_positions", "mean"): "latitude in the middle of a map",
    (
        "charts/simulation_promise_charts.py",
        "latency_picture",
        "median",
    ): "where a logarithmic axis begins",
    ("charts/simulation_promise_charts.py", "make", "median"): "the same: a function within it",
    ("web/grid_drawing.py", "_paper", "nanmean"): "latitude in the middle of a map",
    ("web/supply_page.py", "year", "mean"): "a point a week, for 8,760 have no room",
}


def _statistics(path: Path):
    """(function, statistic) of each call in a file that computes one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in STATISTICS
                    # Figure.mean is read, Profile.average() asks the room
                    and not (node.func.attr == "average" and not node.args)
                ):
                    yield function.name, node.func.attr


def test_no_statistic_outside_the_drawing() -> None:
    found = {
        (path.relative_to(APP).as_posix(), *one)
        for path in sorted(APP.rglob("*.py"))
        for one in _statistics(path)
    }
    assert found - DRAWING.keys() == set()
    assert DRAWING.keys() - found == set(), "no longer there: take it off the list"
