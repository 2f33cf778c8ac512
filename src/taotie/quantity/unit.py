"""Which unit is it, and what does a product of two units give?

pint decides, at the borders only: every answer is cached by the spelling of the unit, so that
arithmetic on figures costs a dictionary look-up. The units are in `units.txt`; pint's answers on common ones are
kept in `unit_answers.json` (`tools/unit_answers.py` makes it, a test holds it against pint), so that a short command
need not wait for pint.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from taotie.errors import DataError, UnitError, nearest
from taotie.files.read import read_bytes, read_json
from taotie.words import patterns as re
from taotie.words.language import N_, _
from taotie.words.listing import listing

DIMENSIONLESS = "1"
_MAX_LENGTH = 200
_MAX_EXPONENT = 99.0

_FOREIGN = re.compile(r"[^\w\s*/^().%+°Δ·µμ⁻⁰¹²³⁴⁵⁶⁷⁸⁹-]")
_EXPONENT = re.compile(r"(?:\*\*|\^)\s*(?:\(\s*)?[+-]?\d{1,2}(?:\.\d*)?(?:e[+-]\d{1,2})?(?:\s*\))?")
_NUMBER = re.compile(
    r"(?<![\w.])(?!1(?![\w.]))(?:\d[\d.]*(?:e[+-]?\d+)?|(?:nan|inf)(?!\w))", re.IGNORECASE
)
_PREFIXED = re.compile(r".+(square|cubic)_meter")
_building = Lock()
UNITS = Path(__file__).with_name("units.txt")
ANSWERS = Path(__file__).with_name("unit_answers.json")


def registry() -> Any:
    """The pint registry of the project."""
    with _building:  # two registries, made by two threads, would not multiply with each other
        return _registry()


@lru_cache(maxsize=1)
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(str(UNITS), cache_folder=None)


@lru_cache(maxsize=1)
def _answers() -> dict[str, Any]:
    """What pint answered before; nothing where the units have changed since."""
    try:
        kept: dict[str, Any] = read_json(ANSWERS)
    except DataError:
        return {}
    same = kept.get("units") == hashlib.sha256(read_bytes(UNITS)).hexdigest()
    return kept if same else {}


def _kept(question: str, *names: str) -> Any:
    return _answers().get(question, {}).get(" ".join(names))


def may_be_unit(word: str) -> bool:
    """Can one word be a unit at all? Quick, for texts of many words: yes may still be wrong, no never is.

    Examples
    --------
    >>> may_be_unit("GWh"), may_be_unit("kilowatts"), may_be_unit("northern")
    (True, True, False)
    """
    kept = _answers()
    if not kept or not word.isalnum():
        return True
    names, prefixes = _spellings()
    for spelled in (word, word[:-1] if word.endswith("s") else word):
        if spelled in names or any(
            spelled.startswith(p) and spelled[len(p) :] in names for p in prefixes
        ):
            return True
    return False


@lru_cache(maxsize=1)
def _spellings() -> tuple[frozenset[str], tuple[str, ...]]:
    kept = _answers()
    return frozenset(kept["names"]), tuple(p for p in kept["prefixes"] if p)


@lru_cache(maxsize=4096)
def _parse(text: str) -> Any:
    import pint

    spelled = text.replace("%", " percent ").replace("µ", "u").replace("μ", "u").strip()
    if spelled in ("", DIMENSIONLESS):
        return registry().Unit("")
    if len(spelled) > _MAX_LENGTH:
        raise UnitError(_("a unit of {n} characters is not a unit.").format(n=len(spelled)))
    _check_grammar(text, spelled)
    try:
        unit = registry().parse_units(spelled)
    except pint.UndefinedUnitError as error:
        name = str(error.unit_names) if isinstance(error.unit_names, str) else error.unit_names[0]
        raise UnitError(
            _("unknown unit {name} in {text}.").format(name=repr(name), text=repr(text)),
            _spelling_hint(name),
        ) from None
    except Exception:
        raise _not_a_unit(text) from None
    for name, exponent in unit._units.items():
        if _PREFIXED.fullmatch(name) and not name.startswith(("square", "cubic")):
            raise UnitError(
                _("{text} is ambiguous: is the prefix squared or not?").format(text=repr(text)),
                _("write km**2, or put the number into the value"),
            )
        if abs(exponent) > _MAX_EXPONENT or name not in _long_names():
            raise _not_a_unit(text)
    return unit


@lru_cache(maxsize=1)
def _long_names() -> frozenset[str]:
    """Names with at most one prefix; pint takes a second one (exa-kilogram) once it knows kilogram."""
    prefixes = {p.name for p in registry()._prefixes.values() if p.name}
    names = set(registry()._units)
    plain = {
        n for n in names if not any(n.startswith(p) and n[len(p) :] in names for p in prefixes)
    }
    return frozenset(plain | {p + n for p in prefixes for n in plain})


def _not_a_unit(text: object) -> UnitError:
    return UnitError(
        _("{text} is not a unit.").format(text=repr(text)),
        _("write units like Wh/request, gCO2e/kWh or TWh/a"),
    )


def _check_grammar(text: str, spelled: str) -> None:
    """Refuse what a unit cannot hold before pint computes it: 9**9**9 would never come back."""
    for sign, code in (("$", "USD"), ("€", "EUR"), ("¥", "CNY")):
        if sign in spelled:
            raise UnitError(
                _("{text} is not a unit.").format(text=repr(text)),
                _("did you mean {names}?").format(names=code),
            )
    bare = _EXPONENT.sub("\0", spelled)
    if _FOREIGN.search(spelled) or "**" in bare or "^" in bare or re.search("\0\\s*\0", bare):
        raise _not_a_unit(text)
    if _NUMBER.search(bare):
        raise UnitError(
            _("{text} holds a number; a unit has none.").format(text=repr(text)),
            _("put the number into the value: 1000 request becomes value 1000, unit request"),
        )


def _spelling_hint(name: str) -> str:
    """mw is MW or mW, TFLOPS is TFLOP/s; else the nearest known symbol."""
    if name.upper().endswith("FLOPS"):
        return _("did you mean {names}?").format(names=name[:-5] + "FLOP/s")
    same = _by_letters().get(name.lower())
    if same:
        return _("did you mean {names}?").format(names=listing(same))
    return nearest(name, known_symbols())


@lru_cache(maxsize=1)
def _by_letters() -> dict[str, list[str]]:
    """Symbols with and without a prefix, by their letters whatever their case."""
    prefixes = {p.symbol.replace("µ", "u") for p in registry()._prefixes.values()}
    found: dict[str, list[str]] = {}
    for spelling in sorted({p + symbol for p in prefixes for symbol in known_symbols()}):
        found.setdefault(spelling.lower(), []).append(spelling)
    return found


@lru_cache(maxsize=1)
def known_symbols() -> tuple[str, ...]:
    """Symbols a user may write, without prefixes."""
    names = {"kWh", "MWh", "GWh", "TWh", "kW", "MW", "GW"}
    for name, definition in registry()._units.items():
        if not name.startswith("delta_"):
            names.add(definition.symbol)
    return tuple(sorted(names))


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
    if not isinstance(text, str):
        raise _not_a_unit(text)
    return _canonical(text)


@lru_cache(maxsize=4096)
def _canonical(text: str) -> str:
    return _kept("canonical", text) or _symbol(_parse(text))


def _symbol(unit: Any) -> str:
    parts = [(_symbol_of(name), power) for name, power in unit._units.items() if power]
    above: list[str] = []
    below: list[str] = []
    for symbol, exponent in sorted(parts, key=lambda part: part[0].lower()):
        size = abs(exponent)
        number = int(size) if float(size).is_integer() else size
        text = symbol if number == 1 else f"{symbol}**{number}"
        (above if exponent > 0 else below).append(text)
    top = "*".join(above) or "1"
    return top + "".join("/" + item for item in below)


@lru_cache(maxsize=4096)
def _symbol_of(name: str) -> str:
    symbol = str(registry().get_symbol(name)).replace("µ", "u")
    if symbol == "pct":
        return "%"
    # a petayear must not come back as a pascal
    return symbol if registry().get_name(symbol) == name else name


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
    kept = _kept("dimension", text) or _composed_dimension(text)
    if kept:
        return str(kept)
    parts = sorted(dict(_parse(text).dimensionality).items())
    return "*".join(f"{name}^{float(power):g}" for name, power in parts if power) or DIMENSIONLESS


@lru_cache(maxsize=65536)
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
    kept = _kept("factor", source, target)
    if kept:
        return float(kept)
    if not same_dimension(source, target):
        raise UnitError(
            _("{source} is not convertible to {target}: {a} is not {b}.").format(
                source=source, target=target, a=dimension_name(source), b=dimension_name(target)
            ),
            _slip_hint(source, target),
        )
    if "degC" in (source, target):
        raise UnitError(
            _("temperatures in degrees Celsius are not scaled; convert them as arrays.")
        )
    try:
        value = float(registry()._convert(1.0, _parse(source)._units, _parse(target)._units))
    except (OverflowError, ZeroDivisionError):
        value = math.inf
    if not 0 < value < math.inf:
        raise UnitError(
            _("{source} is out of reach of {target}: the factor is {value:g}.").format(
                source=source, target=target, value=value
            )
        )
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
    return _kept("product", a, b) or _composed(a, b, 1) or _within(_parse(a) * _parse(b))


@lru_cache(maxsize=4096)
def quotient(a: str, b: str) -> str:
    """Unit of a value in `a` over a value in `b`."""
    return _kept("quotient", a, b) or _composed(a, b, -1) or _within(_parse(a) / _parse(b))


@lru_cache(maxsize=4096)
def power(a: str, exponent: float) -> str:
    """Unit of a value in `a` to a power."""
    return _within(_parse(a) ** exponent)


def _symbols(text: str) -> dict[str, int] | None:
    """The symbols of a unit and their exponents, where each is known to be spelled as everywhere; else None."""
    found: dict[str, int] = {}
    above, *below = text.split("/")
    for sign, words in ((1, above.replace("**", "^").split("*")), (-1, below)):
        for word in words:
            name, _caret, size = word.replace("**", "^").partition("^")
            if name == DIMENSIONLESS and not size:
                continue
            if _kept("canonical", name) != name or not (size or "1").isdigit() or name in found:
                return None
            found[name] = sign * int(size or 1)
    return found


def _composed(a: str, b: str, sign: int) -> str:
    """The product or the quotient of two units made of known symbols, as pint would write it; empty where it must be asked."""
    one, other = _symbols(a), _symbols(b)
    if one is None or other is None:
        return ""
    powers = dict(one)
    for name, power in other.items():
        powers[name] = powers.get(name, 0) + sign * power
    powers = {name: power for name, power in powers.items() if power}
    if len({name.lower() for name in powers}) < len(powers):
        return ""  # mW and MW: their order is pint's
    above: list[str] = []
    below: list[str] = []
    for name in sorted(powers, key=str.lower):
        size = abs(powers[name])
        (above if powers[name] > 0 else below).append(name if size == 1 else f"{name}**{size}")
    text = ("*".join(above) or "1") + "".join(f"/{word}" for word in below)
    return text if len(text) <= _MAX_LENGTH and all(map(_is_small, powers.values())) else ""


def _is_small(power: int) -> bool:
    return abs(power) <= _MAX_EXPONENT


def _composed_dimension(text: str) -> str:
    """The dimension of a unit made of known symbols, from theirs; empty where pint must be asked."""
    powers: dict[str, float] = {}
    for name, power in (_symbols(text) or {}).items():
        own = _kept("dimension", name)
        if not own:
            return ""
        for part in own.split("*") if own != DIMENSIONLESS else ():
            base, _caret, size = part.rpartition("^")
            powers[base] = powers.get(base, 0.0) + power * float(size)
    if not powers:
        return ""
    parts = sorted(powers.items())
    return "*".join(f"{name}^{power:g}" for name, power in parts if power) or DIMENSIONLESS


def _within(unit: Any) -> str:
    text = _symbol(unit)
    if any(abs(e) > _MAX_EXPONENT for e in unit._units.values()) or len(text) > _MAX_LENGTH:
        raise _not_a_unit(text)
    return text


_NAMES = (
    ("Wh", N_("energy")),
    ("W", N_("power")),
    ("Wh/request", N_("energy per request")),
    ("J/token", N_("energy per token")),
    ("gCO2e", N_("emissions")),
    ("gCO2e/kWh", N_("emissions per energy")),
    ("USD", N_("US dollars")),
    ("USD/kWh", N_("US dollars per energy")),
    ("s", N_("time")),
    ("1/s", N_("rate")),
    ("1", N_("a number")),
    ("FLOP", N_("computation")),
    ("FLOP/s", N_("computing speed")),
    ("B", N_("information")),
    ("request", N_("a count of requests")),
    ("token", N_("a count of tokens")),
    ("server", N_("a count of servers")),
    ("accelerator", N_("a count of accelerators")),
    ("g", N_("mass")),
    ("m", N_("length")),
    ("m3", N_("volume")),
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
    for other in ("EUR", "CNY", "GBP"):
        for one, two in ((source, target), (target, source)):
            if other in one and same_dimension(quotient(one, other), quotient(two, "USD")):
                return _("no exchange rate is held: convert it to {target} yourself").format(
                    target=target
                )
    for counted in ("request", "token", "server", "accelerator", "image", "inference"):
        if same_dimension(source, target + "/" + counted):
            return _("{source} is per {counted}: multiply by the number first").format(
                source=source, counted=counted
            )
        if same_dimension(source + "/" + counted, target):
            return _("{target} is per {counted}: divide by the number first").format(
                target=target, counted=counted
            )
    return ""
