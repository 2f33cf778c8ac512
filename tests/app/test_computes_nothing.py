"""Do doors only show? A statistic or a sum over samples, buses or hours belongs to a room, where it has one definition."""

import ast
from pathlib import Path

import taotie

APP = Path(taotie.__file__).parent / "app"
STATISTICS = {
    "average", "mean", "median", "nanmean", "nanmedian", "nanpercentile", "percentile", "quantile", "std", "var",
    "sum", "nansum", "cumsum", "fsum", "prod", "trapezoid",
}  # fmt: skip
# what only makes a drawing fit its paper
DRAWING = {
    ("api/uploads.py", "used", "sum"): "bytes of uploads on the disk",
    ("charts/answer_charts.py", "area_picture", "cumsum"): "bands drawn on each other",
    ("charts/grid_capacity_map.py", "_hexagons", "cumsum"): "where a hexagon's buses begin",
    ("charts/rules_chart.py", "rules_pictures", "sum"): "rows of each status",
    ("charts/sankey.py", "_finding", "sum"): "bands meet at a node, which is checked",
    ("charts/sankey_layout.py", "_order", "sum"): "order of the nodes",
    (
        "charts/sankey_layout.py",
        "check_conserved",
        "fsum",
    ): "what comes in goes out, or nothing is drawn",
    ("charts/sankey_layout.py", "check_conserved", "sum"): "the same",
    ("charts/sankey_layout.py", "layout", "sum"): "room between nodes",
    ("charts/sankey_layout.py", "needed", "sum"): "the same: a function within it",
    ("charts/simulation_charts.py", "power_picture", "cumsum"): "bands drawn on each other",
    ("charts/verdict_card.py", "_wrapped", "sum"): "width of a text",
    ("cli/answers.py", "_width", "sum"): "width of a text",
    ("cli/common.py", "print_columns", "sum"): "the same, of a row",
    ("cli/simulate.py", "_over_time", "sum"): "a bar of text for many steps",
    ("pages/audit_page.py", "audit_half", "sum"): "inputs of each mark",
    ("web/drawing.py", "width_of", "sum"): "width of a text",
    ("web/share.py", "_width", "sum"): "the same",
    ("web/sources_page.py", "how_read", "sum"): "sources of each mark",
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


def _counts(call: ast.Call) -> bool:
    """Does it only count rows that are shown: a comparison, a 1, a length, bytes on a disk?"""
    whole = call.args[0] if call.args else getattr(call.func, "value", None)
    one = whole.elt if isinstance(whole, ast.GeneratorExp | ast.ListComp) else whole
    if isinstance(one, ast.Call):
        one = one.func
    return isinstance(one, ast.Compare | ast.Constant | ast.BoolOp) or (
        isinstance(one, ast.Name) and one.id in ("bool", "len")
    )


def _statistics(path: Path):
    """(function, statistic) of each call in a file that computes one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                # Figure.mean is read, Profile.average() asks the room
                asks = name == "average" and not node.args
                if name in STATISTICS and not asks and not _counts(node):
                    yield function.name, name


def test_no_statistic_outside_the_drawing() -> None:
    found = {
        (path.relative_to(APP).as_posix(), *one)
        for path in sorted(APP.rglob("*.py"))
        for one in _statistics(path)
    }
    assert found - DRAWING.keys() == set()
    assert DRAWING.keys() - found == set(), "no longer there: take it off the list"
