"""No value that somebody gives is held to an end in silence: every place that could do so is named here, with its reason.

A place is a function below the doors in which `min`, `max`, `np.clip`, `np.minimum`, `np.maximum` or `np.interp` (flat beyond its
ends) takes one of the function's own parameters, or a setting, as it came.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "taotie"
ROOMS = ("answer", "study", "workload", "facility", "fleet", "grid", "policy", "metering", "compute", "audit", "quantity", "hardware")  # fmt: skip
HOLDS = {"np.clip", "np.minimum", "np.maximum", "np.fmin", "np.fmax", "min", "max", "np.interp"}
PLAIN = {"np.asarray", "np.atleast_1d", "np.rint", "float", "int", "round"}
"""Calls that leave a value what it is."""
_SOME = re.compile(r"\b(?:min|max|clip|minimum|maximum|fmin|fmax|interp)\(")
SETTINGS = {"given", "settings", "chosen", "known", "options", "study", "request", "config"}

ALLOWED: dict[str, tuple[str, ...]] = {
    "said beside the answer": (
        "answer/power.py::_need",  # need_beyond_file
    ),
    "refused before": (
        "compute/fit/serving_rows.py::_replica",  # rows of measured tables, checked by their reader
        "facility/swing_filters.py::ramp_limit",
        "grid/flexibility.py::flexible_connection",
        "grid/shifting.py::shifted",  # a gap is looked for at least as far as jobs are moved
        "workload/servegen.py::mean_rate_per_s",
    ),
    "which digits are printed, at least two and at most four: no value is held": (
        "quantity/wording.py::_at",
    ),
    "the hint of a refusal": ("answer/power.py::power",),
    "what the machine does: attention sees its window, a server its limit, a store its size": (
        "compute/training/training_run_energy.py::drawn_at_most",
        "compute/energy/roofline.py::_decode",
        "compute/energy/roofline.py::_imbalance",  # the busiest holds at most all the experts
        "compute/energy/roofline.py::_prefill",
        "compute/energy/serving_setup.py::cache_b",
        "compute/energy/service_energy.py::_largest_batch",
        "compute/serving/setup.py::replica_model",
        "facility/swing_filters.py::power_floor",
        "facility/swing_filters.py::_stored",
        "grid/flexibility.py::cut_depth",
        "hardware/power_curve.py::capped_run",
        "compute/energy/reading_pool.py::reader_for",  # the same
        "study/many_requests.py::_machines",  # room for long requests, as for one
    ),
    "below 0 MW of room there is none, and the load must go": (
        "grid/capacity/curtailable_load.py::curtailable_load_mw",
        "grid/flexibility.py::flexible_connection",
        "grid/headroom.py::curtailable_capacity_mw",
        "grid/headroom.py::curtailed_hours",
    ),
    "what takes power in (a store that fills) emits nothing": (
        "grid/emissions.py::attributional_intensity_g_per_kwh",
    ),
    "a batch below one is a request alone, part of the time": (
        "compute/energy/served_load.py::_at",
        "compute/energy/served_load.py::_power",
        "compute/serving/case.py::miss_of",
        "study/chat_chain.py::_over_requests",
    ),
    "more than there is means all of it": (
        "grid/ac/proof.py::ac_proofs",  # no more threads than buses asked
        "answer/parts/supply.py::hardest_span",  # a span longer than the series is the series
        "compute/serving/case.py::sweep",
        "compute/serving/prefix.py::memory_words",  # no more blocks kept than the log has
        "compute/serving/service.py::smallest_fleet",
        "compute/serving/slice.py::_slice_of",
        "compute/serving/slice.py::_by_hour",
        "fleet/backtest.py::rolling_backtest",
        "grid/capacity/curtailable.py::worst_hours",
        "grid/picture.py::_laid_out",  # no more landmarks than buses
        "workload/trace_csv.py::rows",
    ),
    "a part of a span, cut at the span's ends and weighed by its length": (
        "compute/serving/schedule.py::on_intervals",
        "metering/prometheus.py::recording",
        "metering/window.py::_bounds",
        "metering/window.py::_gaps",
        "metering/window.py::power_course_w",
        "workload/servegen.py::_arrivals",
        "workload/servegen.py::overlap_s",
    ),
    "a straight line within its own ends": (
        "grid/dispatch/unit_cost.py::_along",
        "quantity/distribution.py::ppf",
        "study/metered_engine.py::_between",
        "workload/chat.py::_gamma_times",
    ),
    "against division by nothing, or rounding beyond a whole": (
        "compute/energy/kept_promise.py::late",
        "compute/energy/kept_promise.py::__init__",  # a request reads and writes a token at least
        "compute/energy/whole_replicas.py::served_day",
        "compute/serving/slice.py::kept_share",
        "study/chat_chain.py::_kept_by",  # a service has one replica at least
        "compute/energy/model_typical.py::typical_architecture",
        "compute/metered/weights.py::model_weights",
        "compute/serving/profile.py::_placed",
        "compute/serving/setup.py::_integers",
        "compute/serving/slice.py::kept_replicas",
        "fleet/growth.py::_curves",
        "fleet/stock.py::survival",
        "grid/flexibility.py::of",
        "metering/attribution.py::mig_split",
    ),
    "within a search or a solver, not at its result": (
        "compute/fit/robust_fit.py::robust_fit",
        "compute/serving/routing.py::next_finishes",
        "grid/capacity/redispatch_clearance.py::clear_dispatch",  # where the search begins
        "grid/capacity/redispatch_from_base.py::from_base",  # likewise
        "grid/capacity/core.py::close_margins",  # the tighter of the two directions
        "grid/capacity/core.py::in_parallel",
        "grid/capacity/parts.py::parts_of",  # the earlier of two places in the elimination
        "grid/capacity/redispatch_simplex.py::new_pool",
    ),
    "what a unit can give at all comes before its minimum, as the docstring says": (
        "grid/dispatch/together.py::__init__",
    ),
    "as the language it reads has it": (
        "grid/case/octave_functions.py::_fold",
        "grid/case/octave_functions.py::_shape",
        "grid/case/octave_values.py::check_size",
    ),
    "digits shown, not a value": ("quantity/wording.py::number",),
    "draws of a stated law, whose ends belong to it": (
        "workload/conversation.py::_turns",
        "workload/scaling.py::superposed",  # a shift by half the span or more turns around it
    ),
}  # fmt: skip


def _name(node: ast.expr) -> str:
    """`a.b` of an attribute of a name, `a` of a name, `.b` of an attribute of anything else."""
    if isinstance(node, ast.Attribute):
        return f"{node.value.id if isinstance(node.value, ast.Name) else ''}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _given(node: ast.expr, names: set[str]) -> bool:
    """Is this a value as it was given?"""
    match node:
        case ast.Name(id=name):
            return name in names
        case ast.Call(args=[first, *_]) if _name(node.func) in PLAIN:
            return _given(first, names)
        case ast.Attribute(value=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name)):
            return name in SETTINGS
    return False


def _held(node: ast.AST, names: set[str], function: str) -> Iterator[str]:
    """Functions in which a given value is held to an end."""
    for child in ast.iter_child_nodes(node):
        inner, name = names, function
        if isinstance(child, ast.FunctionDef):
            compiled = any(
                {"njit", "compiled"} & set(re.findall(r"\w+", ast.unparse(d)))
                for d in child.decorator_list
            )
            each = [*child.args.posonlyargs, *child.args.args, *child.args.kwonlyargs]
            inner, name = set() if compiled else {a.arg for a in each}, child.name
        if isinstance(child, ast.Call) and len(child.args) > 1:
            called = _name(child.func)
            if (called in HOLDS or called.endswith(".clip")) and any(
                _given(a, inner) for a in child.args
            ):
                yield name
        yield from _held(child, inner, name)


def places(source: str) -> set[str]:
    """Names of the functions of a source text that hold a given value to an end."""
    # parsing all of the source takes seconds: the definitions that hold anything, as the formatter parts them
    parts = [p for p in re.split(r"\n\n\n(?=[@a-zA-Z_])", source) if _SOME.search(p)]
    return {name for p in parts for name in _held(ast.parse(p), set(), "<module>")}


def _in_room(place: str) -> str:
    file, _colons, function = place.partition("::")
    return f"{file.partition('/')[0]}::{function}"


def test_every_place_that_holds_a_given_value_to_an_end_is_named_with_its_reason():
    found = {
        f"{path.relative_to(SOURCE).as_posix()}::{name}"
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0] in ROOMS
        for name in places(path.read_text("utf-8"))
    }
    # a function moved to another file of its room is the same function
    allowed = {_in_room(place) for group in ALLOWED.values() for place in group}
    found = {_in_room(place) for place in found}
    assert sorted(found - allowed) == [], "say it, refuse it, or name it here with its reason"
    assert sorted(allowed - found) == [], "no longer there"


def test_worked_what_counts_as_holding_a_given_value():
    assert places("def f(batch):\n    return np.clip(batch, 1, 8)\n") == {"f"}
    assert places("def f(given):\n    return min(given.batch, 8)\n") == {"f"}
    assert places("def f(at):\n    return np.interp(float(at), x, y)\n") == {"f"}
    assert places("def f(batch):\n    return min(2 * batch, 8)\n") == set()
    assert places("def f():\n    n = 3\n    return max(n, 1)\n") == set()
