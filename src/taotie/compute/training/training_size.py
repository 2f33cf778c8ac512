"""How many parameters work on each token of a training run? A number alone does not say. [parameter]"""

from __future__ import annotations

import re

from taotie.compute.energy.model_architecture import model_architecture
from taotie.errors import RangeError, UnitError
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.quantity_text import parse_quantity
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import labels

__all__ = ["active_parameters", "active_parameters_of"]

KINDS = ("active", "total", "dense")
LARGEST = 1e16


def active_parameters(text: str | float) -> Figure:
    """Parameters that work on each token, from what somebody says of the size.

    Parameters
    ----------
    text : str or float
        ``37e9 active``, ``active=37e9``, ``dense=70e9`` (all of them work), ``total=671e9,active=37e9``, or
        ``total=671e9`` alone: then the share that works is assumed, from the sparsest model known to a dense one.

    Returns
    -------
    size : Figure
        [parameter]

    Raises
    ------
    RangeError
        If it does not say which parameters are meant, says one twice, or more work than there are.

    Notes
    -----
    ``computation = 6 active tokens``: taking the total of a mixture for it gives 18 times too much for DeepSeek-V3.

    Examples
    --------
    >>> active_parameters("37B active").p50, active_parameters("total=671e9,active=37e9").p50
    (37000000000.0, 37000000000.0)
    >>> active_parameters(671e9)
    Traceback (most recent call last):
    taotie.errors.RangeError: params=6.71e+11: are these all parameters, or those that work on each token?
    <BLANKLINE>
    hint: --params active=37e9 (of a mixture of experts), --params dense=70e9 (all of them work), or --params total=671e9 (the share that works is then assumed); or --model deepseek-v3
    """
    given = _given(text)
    active = given.get("active", given.get("dense"))
    total = given.get("total")
    if active is None:
        assert total is not None
        return exact(total, "parameter") * figure("taotie_training2026.active_share")
    if total is not None and active > total:
        raise RangeError(
            _("params={text}: more parameters work than there are.").format(text=str(text)[:60]),
            "--params total=671e9,active=37e9",
        )
    return leaf(
        "active_parameters", unit="parameter", value=active, kind="assumed", note="stated",
        label=labels(N_("Active parameters of the model")),
    )  # fmt: skip


def active_parameters_of(model: str) -> Figure:
    """Parameters of a model that work on each token; `model` as everywhere else: a name, config.json, or size.

    Examples
    --------
    >>> round(active_parameters_of("deepseek-v3").p50 / 1e9)
    38
    """
    shape = model_architecture(model)
    return leaf(
        "active_parameters", unit="parameter", value=shape.active_params, kind="assumed" if shape.typical else "estimated",
        label=labels(N_("Active parameters of the model")), note=shape.name,
    )  # fmt: skip


def _given(text: str | float) -> dict[str, float]:
    plain = str(text).strip().lower()
    words = re.fullmatch(r"(.+?)\s+(active|total|dense)", plain)
    if words is not None and "=" not in plain:
        plain = f"{words[2]}={words[1]}"
    if "=" not in plain:
        size = parse_quantity(text, "parameter", bare="parameter", low=1, high=LARGEST, name="params")  # fmt: skip
        raise RangeError(
            _(
                "params={size:g}: are these all parameters, or those that work on each token?"
            ).format(size=size),
            _(
                "--params active=37e9 (of a mixture of experts), --params dense=70e9 (all of them work), or --params total=671e9 (the share that works is then assumed); or --model deepseek-v3"
            ),
        )
    given: dict[str, float] = {}
    for part in plain.split(","):
        key, _equals, value = (p.strip() for p in part.partition("="))
        if key not in KINDS or key in given:
            raise RangeError(
                _("params={text}: {key} is not one of {kinds}, each once.").format(
                    text=plain[:60], key=repr(key[:20]), kinds=listing(KINDS)
                ),
                "--params total=671e9,active=37e9",
            )
        try:
            given[key] = parse_quantity(value, "parameter", bare="parameter", low=1, high=LARGEST, name=f"params {key}")  # fmt: skip
        except UnitError as error:
            raise RangeError(error.message, error.hint) from None
    if "dense" in given and len(given) > 1:
        raise RangeError(
            _("params={text}: of a dense model all parameters work; say nothing else.").format(
                text=plain[:60]
            ),
            "--params dense=70e9",
        )
    return given
