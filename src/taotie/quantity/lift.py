"""How does one kernel serve arrays and figures? Its units are said once, and it is lifted.

Called with plain arrays a lifted kernel is the bare function. Called with at least one `Figure`, the inputs
are converted to the declared units, boundaries are checked, and the result is a derived figure that
remembers the kernel and its inputs.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from taotie.errors import BoundaryError, RangeError, ResultError, UnitError
from taotie.language import _
from taotie.quantity import boundary as bounds
from taotie.quantity import unit as units
from taotie.quantity.figure import Figure, derived_kind

F = TypeVar("F", bound=Callable[..., Any])
_PREFIX = "kernel:"
_KERNELS: dict[
    str, Callable[..., Any]
] = {}  # by operation; those of taotie are imported when named
ARRAY_MAX = 10_000


def lifted(
    *,
    returns: str | Mapping[str, str],
    boundary: str | Mapping[str, str] | None = "same",
    expects: Mapping[str, str] | None = None,
    kind: str | None = None,
    formula: str = "",
    **units_of: str,
) -> Callable[[F], F]:
    """Let a kernel be called with figures.

    Parameters
    ----------
    returns : str or mapping of str to str
        Unit of the result; for a kernel that returns a named tuple, unit of each field.
    boundary : str, None or mapping, default "same"
        Boundary of the result; "same" takes the one all inputs with a boundary share; a mapping gives
        one per field.
    expects : mapping of str to str, optional
        Boundary an argument must have.
    kind : str, optional
        Kind of the result; default: see `figure.derived_kind`.
    formula : str, optional
        Default: the first ``code`` in the docstring's Notes.
    **units_of : str
        Unit of each argument that may be a figure.

    Examples
    --------
    >>> from taotie.quantity.figure import leaf
    >>> @lifted(servers="server", power_kw="kW/server", returns="TWh/a", boundary="server")
    ... def energy_twh(servers, power_kw):
    ...     return servers * power_kw * 8760 / 1e9
    >>> energy_twh(1.5e6, np.array([6.5, 10.2])).round(1)
    array([ 85.4, 134. ])
    >>> stock = leaf("stock", value=1.5, unit="1", kind="assumed", note="millions")
    >>> energy_twh(leaf("n", value=1.5e6, unit="server", kind="assumed", note="x"), 6500.0)
    Traceback (most recent call last):
    ...
    taotie.errors.UnitError: energy_twh: power_kw=6500.0 is a bare number beside figures.
    <BLANKLINE>
    hint: give it a unit: exact(6500, 'kW/server')
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        missing = set(units_of) - set(signature.parameters)
        if missing:
            raise TypeError(f"{function.__name__} has no argument {sorted(missing)[0]}")
        if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in signature.parameters.values()):
            raise TypeError(f"{function.__name__} takes any arguments; a lifted kernel names them")
        defaults = {p.name: p.default for p in signature.parameters.values() if _plain(p.default)}

        @functools.wraps(function)
        def kernel(*args: Any, **kwargs: Any) -> Any:
            if not any(isinstance(a, Figure) for a in (*args, *kwargs.values())):
                return function(*args, **kwargs)
            return _derive(kernel, signature.bind(*args, **kwargs).arguments, defaults)

        kernel.__taotie_kernel__ = {  # type: ignore[attr-defined]
            "function": function,
            "units": units_of,
            "returns": returns,
            "boundary": boundary,
            "expects": dict(expects or {}),
            "kind": kind,
            "formula": formula or _formula_of(function),
        }
        if "<locals>" not in kernel.__qualname__:
            _KERNELS[f"{_PREFIX}{kernel.__module__}:{kernel.__qualname__}"] = kernel
        return kernel  # type: ignore[return-value]

    return decorate


def _plain(default: Any) -> bool:
    """Is a default written into the record, so that a later default changes no old result?"""
    if isinstance(default, bool | str):
        return True
    return isinstance(default, int | float) and math.isfinite(default)


def _formula_of(function: Callable[..., Any]) -> str:
    doc = inspect.getdoc(function) or ""
    notes = doc.partition("Notes\n-----")[2].partition("References\n")[0]
    found = re.search(r"``(.+?)``", notes, re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def _derive(
    kernel: Callable[..., Any], arguments: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Any:
    spec = kernel.__taotie_kernel__  # type: ignore[attr-defined]
    name = kernel.__name__
    parents: list[Figure] = []
    recorded: dict[str, Any] = {k: v for k, v in defaults.items() if k not in arguments}
    for argument, value in arguments.items():
        if not isinstance(value, Figure):
            recorded[argument] = _literal(name, argument, value, spec["units"].get(argument))
            continue
        unit = spec["units"].get(argument)
        if unit is None:
            raise UnitError(
                _("{kernel}: {argument} does not take a figure.").format(
                    kernel=name, argument=argument
                )
            )
        wanted = spec["expects"].get(argument)
        if wanted is not None and value.boundary != wanted:
            raise BoundaryError(
                _("{kernel}: {argument} must be at the {wanted} boundary, not {here}.").format(
                    kernel=name, argument=argument, wanted=wanted, here=value.boundary or "-"
                ),
                bounds.step(wanted, value.boundary) if value.boundary else "",
            )
        recorded[argument] = {
            "input": len(parents),
            "factor": units.factor(value.unit, units.canonical(unit)),
        }
        parents.append(value)
    operation = f"{_PREFIX}{kernel.__module__}:{kernel.__qualname__}"
    # inputs without a name are unfolded below in `explain`
    text = f"{name}({', '.join(p.key or '...' for p in parents)})"
    formula = f"{text} = {spec['formula']}" if spec["formula"] else text

    def make(unit: str, place: str | None, field: str | None) -> Figure:
        parameters: dict[str, Any] = {"arguments": recorded}
        if field is not None:
            parameters["field"] = field
        return Figure(
            unit=unit,
            boundary=_place(name, place, parents),
            kind=spec["kind"] or derived_kind(parents),
            operation=operation,
            parameters=parameters,
            parents=tuple(parents),
            formula=formula,
            function=kernel,
        )

    returns, place = spec["returns"], spec["boundary"]
    if isinstance(returns, str):
        return make(returns, place, None)
    result_type = inspect.get_annotations(spec["function"], eval_str=True).get("return")
    if not (isinstance(result_type, type) and hasattr(result_type, "_fields")):
        raise TypeError(f"{name} must be annotated to return a named tuple")
    made = {
        field: make(unit, place.get(field) if isinstance(place, Mapping) else place, field)
        for field, unit in returns.items()
    }
    return result_type(**made)


def _literal(name: str, argument: str, value: Any, unit: str | None) -> Any:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, int | float | np.integer | np.floating):
        if unit is not None and units.canonical(unit) != units.DIMENSIONLESS:
            raise UnitError(
                _("{kernel}: {argument}={value} is a bare number beside figures.").format(
                    kernel=name, argument=argument, value=value
                ),
                _("give it a unit: exact({value:g}, '{unit}')").format(value=value, unit=unit),
            )
        if math.isfinite(value):
            return float(value) if isinstance(value, float | np.floating) else int(value)
        raise RangeError(
            _("{kernel}: {argument}={value} is not a finite number.").format(
                kernel=name, argument=argument, value=value
            )
        )
    if isinstance(value, np.ndarray | list | tuple) and len(value) <= ARRAY_MAX:
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = np.asarray(math.nan)
        if array.size <= ARRAY_MAX and np.isfinite(array).all():
            return {"array": array.tolist()}
    raise UnitError(
        _("{kernel}: {argument} cannot be recorded with a figure.").format(
            kernel=name, argument=argument
        ),
        _("pass finite numbers, short arrays of them, or figures"),
    )


def _place(name: str, declared: str | None, parents: list[Figure]) -> str | None:
    if declared != "same":
        return declared
    place: str | None = None
    for parent in parents:
        place = bounds.of_product(place, parent.boundary, name)
    return place


def kernel_of(operation: str) -> Callable[..., Any]:
    """The lifted kernel an operation names.

    Raises
    ------
    ResultError
        If there is none: a file can name kernels of taotie and those this process has lifted itself,
        and imports nothing else.
    """
    if operation in _KERNELS:
        return _KERNELS[operation]
    module, _colon, qualname = operation.removeprefix(_PREFIX).partition(":")
    known = re.fullmatch(r"taotie(\.[a-z][a-z_0-9]*)+", module) is not None
    if operation.startswith(_PREFIX) and known and qualname.isidentifier():
        try:
            function = getattr(importlib.import_module(module), qualname, None)
        except ImportError:
            function = None
        if function is not None and hasattr(function, "__taotie_kernel__"):
            return function
    raise ResultError(
        _("{operation} is not an operation of this version.").format(operation=repr(operation)),
        _("the file was written by another version, or changed by hand"),
    )


def call_operation(
    operation: str,
    parameters: Mapping[str, Any],
    inputs: list[np.ndarray],
    kernel: Callable[..., Any] | None = None,
) -> Any:
    """Values of a derived figure from the values of its parents, by the kernel that made it."""
    kernel = kernel or kernel_of(operation)
    arguments: dict[str, Any] = {}
    for argument, value in parameters["arguments"].items():
        if isinstance(value, Mapping) and "input" in value:
            data, factor = inputs[value["input"]], value["factor"]
            arguments[argument] = data * factor if factor != 1.0 else data
        elif isinstance(value, Mapping):
            arguments[argument] = np.asarray(value["array"], dtype=float)
        else:
            arguments[argument] = value
    result = kernel.__taotie_kernel__["function"](**arguments)  # type: ignore[attr-defined]
    field = parameters.get("field")
    return result if field is None else getattr(result, field)
