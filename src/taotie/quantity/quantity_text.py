"""Which quantity did somebody type? One number with its unit, in the unit that is asked for.

This is the door every setting, option and form goes through: `150W` is 0.00015 MW and never 150 MW, `1,5GW` is read,
`1e308GW` is refused because it is not finite, `EH/s` and `TH/s` differ by a million.
"""

from __future__ import annotations

import math

from taotie.errors import RangeError, UnitError
from taotie.quantity import unit as units
from taotie.quantity.number_text import PrintedNumber, number_at, plain
from taotie.quantity.number_words import spelled_number_at
from taotie.quantity.unit_text import Unit, parse_unit, spelled
from taotie.words import patterns as re
from taotie.words.language import _

_STAND_FOR = {"gCO2e/kWh": ("g/kWh",), "request/d": ("image/d", "video/d", "inference/d")}
"""What people write where the thing asked for leaves no doubt: 300 g/kWh of carbon, 5,000 images a day."""
SHORT_FORMS = {"k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "G": 1e9, "B": 1e9, "b": 1e9, "T": 1e12}
_COUNTS = ("1", "USD", "EUR", "CNY", "request", "inference", "image", "video", "token", "server", "accelerator",
           "household", "person", "site", "parameter", "request/d", "token/d", "1/d")  # fmt: skip
_SHORT = re.compile(r"([kKMmGBbT])(?=$|[\s/])")
MAX_LENGTH = 200


def parse_quantity(
    text: str | float,
    unit: str,
    *,
    bare: str | None = None,
    low: float | None = None,
    high: float | None = None,
    name: str = "",
) -> float:
    """The value of a typed quantity, in `unit`.

    Parameters
    ----------
    text : str or float
        A number with its unit, such as ``150 MW``, ``1.2GW``, ``1,5 GW`` or ``2.5B`` where a count is asked for.
    unit : str
        The unit the value is wanted in.
    bare : str, optional
        The unit of a number without one. By default such a number is refused, unless `unit` is a plain number.
    low, high : float, optional
        Limits of the value. [unit]
    name : str, optional
        What is asked for (``--load``, ``facility.pue``); it opens every message.

    Returns
    -------
    value : float
        A finite number. [unit]

    Raises
    ------
    UnitError
        If the text is not one number with a unit of that dimension.
    RangeError
        If the value is not finite, or leaves `low` to `high`.

    Examples
    --------
    >>> parse_quantity("150W", "MW"), parse_quantity("1,5GW", "MW"), parse_quantity("2.5B", "request/d")
    (0.00015, 1500.0, 2500000000.0)
    >>> parse_quantity("500 EH/s", "TH/s"), parse_quantity("0.5%", "1"), parse_quantity("56.4万度", "MWh")
    (500000000.0, 0.005, 564.0)
    >>> parse_quantity("150MWh", "MW")
    Traceback (most recent call last):
    taotie.errors.UnitError: '150MWh' is energy, MW is power.
    <BLANKLINE>
    hint: energy becomes power when divided by a time: 1 MWh/d is 41.7 kW
    """
    try:
        value = _parsed(text, units.canonical(unit), bare)
    except (UnitError, RangeError) as error:
        if not name:
            raise
        raise type(error)(f"{name}: {error.message}", error.hint) from None
    where = f"{name}: " if name else ""
    for limit, too_far in ((low, low is not None and value < low), (high, high is not None and value > high)):  # fmt: skip
        if too_far:
            word = _("below") if limit == low else _("above")
            raise RangeError(
                _("{where}{text} is {word} {limit:g}{unit}.").format(
                    where=where,
                    text=repr(str(text)[:80]),
                    word=word,
                    limit=limit,
                    unit="" if unit == "1" else f" {unit}",
                ),
                _allowed(low, high, unit),
            )
    return value


def unit_meant(text: str, wanted: str, counted: tuple[str, ...] = ()) -> tuple[float, str]:
    """Factor and unit of a text that stands for a unit of the dimension of `wanted`, in the words people print.

    Parameters
    ----------
    text : str
        Such as ``lb CO2/MWh``, ``gal/kWh``, ``$/MWh``, ``million requests/day``.
    wanted : str
        The unit it is wanted in.
    counted : tuple of str
        Things that `wanted` counts without saying so, such as ``session``.

    Raises
    ------
    UnitError
        If it is not a unit, or of another dimension.

    Examples
    --------
    >>> unit_meant("kWh/d", "MW"), unit_meant("million requests/day", "request/d")
    ((1.0, 'kWh/d'), (1000000.0, 'request/d'))
    >>> unit_meant("lb CO2/MWh", "gCO2e/kWh"), unit_meant("sessions/day", "1/d", ("session",))
    ((0.45359237, 'kgCO2e/MWh'), (1.0, '1/d'))
    """
    try:
        if units.same_dimension(text, wanted):
            return 1.0, text
    except UnitError:
        pass
    written = spelled(plain(text)).strip()
    one = f"1 {written}" if written.isascii() else f"1{written}"
    number = number_at(one)
    assert number is not None  # it begins with 1
    scale, found = parse_unit(one[number.end :], counted)
    scale, unit = scale * number.value, found.physical
    if found.is_plain and _is_count(wanted):
        return scale, wanted
    if not units.same_dimension(unit, wanted):
        unit = _as_meant(unit, wanted)
    units.factor(unit, wanted)
    return scale, unit


def _as_meant(unit: str, wanted: str) -> str:
    """The unit that another stands for where `wanted` is asked for; itself where it stands for none."""
    for asked, others in _STAND_FOR.items():
        if units.same_dimension(asked, wanted):
            for other in others:
                if units.same_dimension(unit, other):
                    return units.product(unit, units.quotient(asked, other))
    return unit


def _allowed(low: float | None, high: float | None, unit: str) -> str:
    shown = "" if unit == "1" else f" {unit}"
    if low is not None and high is not None:
        return _("allowed: {low:g} to {high:g}{unit}").format(low=low, high=high, unit=shown)
    if low is not None:
        return _("allowed: {low:g}{unit} and more").format(low=low, unit=shown)
    return _("allowed: up to {high:g}{unit}").format(high=high, unit=shown)


def _parsed(text: str | float, unit: str, bare: str | None) -> float:
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise UnitError(_("{text} is not a quantity.").format(text=repr(text)), _example(unit))
    if not isinstance(text, str):
        return _finite(_without_unit(float(text), repr(text), unit, bare), repr(text))
    shown = repr(text if len(text) <= 80 else text[:77] + "...")
    if len(text) > MAX_LENGTH:
        raise UnitError(
            _("a quantity of {n} characters is too long.").format(n=len(text)), _example(unit)
        )
    tidy = plain(text).strip()
    number, money = _number(tidy)
    if number is None:
        if re.fullmatch(r"[+-]?(?:nan|inf|infinity)\s*\S*", tidy, re.IGNORECASE):
            raise RangeError(_("{text} is not a finite number.").format(text=shown), _example(unit))
        raise UnitError(
            _("{text} does not start with a number.").format(text=shown), _example(unit)
        )
    rest = tidy[number.end :].strip()
    amount = number.value
    short = _SHORT.match(rest)
    if short is not None and _is_count(unit):
        # a letter glued to a count is a number word: 2.5B requests, $1.4T
        amount *= SHORT_FORMS[short[1]]
        rest = rest[short.end() :].lstrip()
        if rest.startswith("/"):
            rest = units.product(unit, "d").split("/")[0] + rest
    elif short is not None and not _is_unit(rest, unit):
        raise UnitError(_("{text} has a prefix without a unit.").format(text=shown), _example(unit))
    if money and rest.startswith(("/", "per ")):
        money, rest = "", f"{money} {rest}" if rest.startswith("per") else money + rest
    if money and rest:
        raise UnitError(_("{text} has two units.").format(text=shown), _example(unit))
    rest = money or rest
    if not rest and short is None:
        return _finite(_without_unit(amount, shown, unit, bare), shown)
    if not rest:
        return _finite(amount, shown)
    scale, found = parse_unit(rest)
    if found.is_plain and _is_count(unit):
        return _finite(amount * scale, shown)  # "2 times"; a percentage has its own factor
    if not found.counted and not found.same_dimension(Unit(unit)):
        found = Unit(_as_meant(found.physical, unit))
    if not found.same_dimension(Unit(unit)):
        try:
            found.factor_to(Unit(unit))
        except UnitError as error:
            hint = error.hint or _example(unit)
        raise UnitError(
            _("{text} is {found}, {unit} is {wanted}.").format(
                text=shown, found=found.dimension_word, unit=unit, wanted=units.dimension_name(unit)
            ),
            hint,
        )
    factor = scale * found.factor_to(Unit(unit))
    return _tidy(_finite(amount * factor, shown))


def _number(tidy: str) -> tuple[PrintedNumber | None, str]:
    """The number a text starts with, and the sign of money before it."""
    sign = re.match(r"(US\$|[$€¥]|USD|EUR|CNY|RMB)\s?(?=[0-9.])", tidy)
    at = sign.end() if sign else 0
    number = number_at(tidy, at)
    if number is not None and re.match(r"[.,][0-9]", tidy[number.end : number.end + 2]):
        raise UnitError(
            _("{text} can be read in two ways.").format(text=repr(tidy[:80])),
            _("write 1500.5, with a point before the decimals and nothing between the digits"),
        )
    if number is None and tidy[:1].isalpha():
        number = spelled_number_at(tidy)
    return number, sign[1] if sign else ""


def _without_unit(value: float, shown: str, unit: str, bare: str | None) -> float:
    if bare is not None:
        return value * units.factor(units.canonical(bare), unit)
    if units.same_dimension(unit, "1"):
        return value * units.factor("1", unit)
    raise UnitError(
        _("{text} has no unit.").format(text=shown),
        _("write it with its unit, such as {example}").format(example=_example_value(unit)),
    )


def _is_unit(text: str, unit: str) -> bool:
    try:
        return units.same_dimension(text, unit)
    except UnitError:
        return False


def _is_count(unit: str) -> bool:
    return units.has_dimension_of(unit, *_COUNTS)


def _finite(value: float, shown: str) -> float:
    if not math.isfinite(value):
        raise RangeError(_("{text} is not a finite number.").format(text=shown))
    return value


def _tidy(value: float) -> float:
    """Free of the dust of binary fractions."""
    return float(f"{value:.15g}")


def _example(unit: str) -> str:
    return _("write a number with its unit, such as {example}").format(example=_example_value(unit))


def _example_value(unit: str) -> str:
    return "1.5" if unit == "1" else f"1.5 {unit}"
