"""How does one kernel serve arrays and figures? Its units are said once, and it is lifted.

Called with plain arrays a lifted kernel is the bare function. Called with at least one `Figure`, the inputs
are converted to the declared units, boundaries are checked, and the result is a derived figure that
remembers the kernel and its inputs.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from taotie.errors import BoundaryError, RangeError, UnitError
from taotie.quantity import boundary as bounds
from taotie.quantity import unit as units
from taotie.quantity.figure import Figure, derived_kind
from taotie.quantity.frozen import frozen
from taotie.quantity.kernels import KERNELS, PREFIX
from taotie.words.language import _

F = TypeVar("F", bound=Callable[..., Any])
ARRAY_MAX = 10_000


def lifted(
    *,
    returns: str | Mapping[str, str],
    boundary: str | Mapping[str, str] | None = "same",
    expects: Mapping[str, str] | None = None,
    kind: str | None = None,
    formula: str = "",
    broadcasts: bool = False,
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
    broadcasts : bool
        Whether it takes arrays of several axes that broadcast; others are given all as one axis.
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
            "broadcasts": broadcasts,
            "formula": formula or _formula_of(function),
        }
        if "<locals>" not in kernel.__qualname__:
            KERNELS[f"{PREFIX}{kernel.__module__}:{kernel.__qualname__}"] = kernel
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
    recorded = frozen(recorded)  # once for all fields
    of_all = tuple(parents)
    operation = f"{PREFIX}{kernel.__module__}:{kernel.__qualname__}"
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
            parents=of_all,
            formula=formula,
            function=kernel,
        )

    returns, place = spec["returns"], spec["boundary"]
    if isinstance(returns, str):
        return make(returns, place, None)
    result_type = _returned(spec["function"])
    if not (isinstance(result_type, type) and hasattr(result_type, "_fields")):
        raise TypeError(f"{name} must be annotated to return a named tuple")
    made = {
        field: make(unit, place.get(field) if isinstance(place, Mapping) else place, field)
        for field, unit in returns.items()
    }
    return result_type(**made)


@lru_cache(maxsize=256)
def _returned(function: Callable[..., Any]) -> Any:
    return inspect.get_annotations(function, eval_str=True).get("return")


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
