"""Which unit is it, and what does a product of two units give?

pint decides, at the borders only: every answer is cached by the spelling of the unit, so that
arithmetic on figures costs a dictionary look-up. The units are in `units.txt`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from taotie.errors import UnitError, nearest
from taotie.language import _

DIMENSIONLESS = "1"
_MAX_LENGTH = 200


@lru_cache(maxsize=1)
def registry() -> Any:
    """The pint registry of the project."""
    import pint

    return pint.UnitRegistry(str(Path(__file__).with_name("units.txt")), cache_folder=None)


def _spelling(text: str) -> str:
    return text.replace("%", "percent").replace("µ", "u").strip()


@lru_cache(maxsize=4096)
def _parse(text: str) -> Any:
    import pint

    spelled = _spelling(text)
    if spelled in ("", DIMENSIONLESS):
        return registry().Unit("")
    if len(spelled) > _MAX_LENGTH:
        raise UnitError(_("a unit of {n} characters is not a unit.").format(n=len(spelled)))
    try:
        quantity = registry().parse_expression(spelled)
    except pint.UndefinedUnitError as error:
        name = str(error.unit_names) if isinstance(error.unit_names, str) else error.unit_names[0]
        raise UnitError(
            _("unknown unit {name} in {text}.").format(name=repr(name), text=repr(text)),
            nearest(name, known_symbols()),
        ) from None
    except Exception:
        raise UnitError(
            _("{text} is not a unit.").format(text=repr(text)),
            _("write units like Wh/request, gCO2e/kWh or TWh/a"),
        ) from None
    magnitude = getattr(quantity, "magnitude", quantity)
    if not hasattr(quantity, "units") or magnitude != 1:
        raise UnitError(
            _("{text} holds a number; a unit has none.").format(text=repr(text)),
            _("put the number into the value: 1000 request becomes value 1000, unit request"),
        )
    return quantity.units


@lru_cache(maxsize=1)
def known_symbols() -> tuple[str, ...]:
    """Symbols a user may write, without prefixes."""
    names = {"kWh", "MWh", "GWh", "TWh", "kW", "MW", "GW"}
    for name, definition in registry()._units.items():
        if not name.startswith("delta_"):
            names.add(definition.symbol)
    return tuple(sorted(names))


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The one spelling of a unit used everywhere.

    Raises
    ------
    UnitError
        If the unit is unknown; the message names the nearest known one.

    Examples
    --------
    >>> canonical("watt_hour / request"), canonical("%"), canonical("")
    ('Wh/request', '%', '1')
    """
    return _symbol(_parse(text))


def _symbol(unit: Any) -> str:
    if not dict(unit._units):
        return DIMENSIONLESS
    above: list[str] = []
    below: list[str] = []
    for name, exponent in sorted(unit._units.items(), key=lambda item: _symbol_of(item[0]).lower()):
        symbol = _symbol_of(name)
        size = abs(exponent)
        number = int(size) if float(size).is_integer() else size
        text = symbol if number == 1 else f"{symbol}**{number}"
        (above if exponent > 0 else below).append(text)
    top = "*".join(above) or "1"
    text = top + "".join("/" + item for item in below)
    return text.replace("pct", "%")


@lru_cache(maxsize=4096)
def _symbol_of(name: str) -> str:
    symbol = str(registry().get_symbol(name))
    return symbol.replace("µ", "u")


@lru_cache(maxsize=4096)
def dimension(text: str) -> str:
    """Dimension of a unit, in a canonical order: equal strings, equal dimensions.

    Examples
    --------
    >>> dimension("MWh") == dimension("J"), dimension("MWh/d") == dimension("kW")
    (True, True)
    >>> dimension("MWh") == dimension("MW")
    False
    """
    parts = sorted(dict(_parse(text).dimensionality).items())
    return "*".join(f"{name}^{float(power):g}" for name, power in parts if power) or DIMENSIONLESS


def same_dimension(a: str, b: str) -> bool:
    """Can a value in unit `a` be written in unit `b`?"""
    return dimension(a) == dimension(b)


def has_dimension_of(text: str, *references: str) -> bool:
    """Does `text` have the dimension of one of `references`?"""
    return dimension(text) in {dimension(r) for r in references}


@lru_cache(maxsize=4096)
def factor(source: str, target: str) -> float:
    """What to multiply a value in `source` with to have it in `target`.

    Raises
    ------
    UnitError
        If the dimensions differ.

    Examples
    --------
    >>> factor("TWh", "kWh")
    1000000000.0
    """
    if source == target:
        return 1.0
    if not same_dimension(source, target):
        raise UnitError(
            _("{source} is not convertible to {target}: {a} is not {b}.").format(
                source=source, target=target, a=dimension_name(source), b=dimension_name(target)
            ),
            _slip_hint(source, target),
        )
    if "degC" in (source, target) or "°C" in (source, target):
        raise UnitError(
            _("temperatures in degrees Celsius are not scaled; convert them as arrays.")
        )
    value = float(registry()._convert(1.0, _parse(source)._units, _parse(target)._units))
    # 1 kWh = 3.5999999999999996 MJ is an accident of binary fractions, not a fact.
    return float(f"{value:.15g}")


@lru_cache(maxsize=4096)
def product(a: str, b: str) -> str:
    """Unit of a value in `a` times a value in `b`.

    Examples
    --------
    >>> product("Wh/request", "request/d")
    'Wh/d'
    """
    return _symbol(_parse(a) * _parse(b))


@lru_cache(maxsize=4096)
def quotient(a: str, b: str) -> str:
    """Unit of a value in `a` over a value in `b`."""
    return _symbol(_parse(a) / _parse(b))


@lru_cache(maxsize=4096)
def power(a: str, exponent: float) -> str:
    """Unit of a value in `a` to a power."""
    return _symbol(_parse(a) ** exponent)


_NAMES = (
    ("Wh", "energy"),
    ("W", "power"),
    ("Wh/request", "energy per request"),
    ("J/token", "energy per token"),
    ("gCO2e", "emissions"),
    ("gCO2e/kWh", "emissions per energy"),
    ("USD", "money"),
    ("USD/kWh", "money per energy"),
    ("s", "time"),
    ("1/s", "rate"),
    ("1", "a number"),
    ("FLOP", "computation"),
    ("FLOP/s", "computing speed"),
    ("B", "information"),
    ("request", "a count of requests"),
    ("token", "a count of tokens"),
    ("server", "a count of servers"),
    ("accelerator", "a count of accelerators"),
    ("g", "mass"),
    ("m", "length"),
    ("m3", "volume"),
)


def dimension_name(text: str) -> str:
    """A word for the dimension of a unit, for messages."""
    for reference, name in _NAMES:
        if same_dimension(text, reference):
            return _(name)
    return f"[{text}]"


def _slip_hint(source: str, target: str) -> str:
    """The usual slips: power for energy, and a lost count."""
    if same_dimension(source, "W") and same_dimension(target, "Wh"):
        return _("power becomes energy when multiplied by a time: 1 MW over a year is 8.76 GWh")
    if same_dimension(source, "Wh") and same_dimension(target, "W"):
        return _("energy becomes power when divided by a time: 1 MWh/d is 41.7 kW")
    for counted in ("request", "token", "server", "accelerator", "image", "inference"):
        if same_dimension(source, target + "/" + counted):
            return _("{source} is per {counted}: multiply by the number first").format(
                source=source, counted=counted
            )
    return ""
