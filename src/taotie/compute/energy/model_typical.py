"""Which shape has a model of which only its parameter counts are known? [1]"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from taotie.compute.energy.model_shape import ModelArchitecture
from taotie.errors import RangeError
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

__all__ = ["sized_model", "typical_architecture"]

DOUBT = 0.3
"""Half-width of the energy's range that comes from a guessed shape: published models of one size differ so in layers
and cache; our guess."""


def typical_architecture(
    name: str,
    total_params: float,
    active_params: float | None = None,
    experts: int = 0,
    top_k: int = 0,
    hybrid: bool = False,
    layers: int = 0,
) -> ModelArchitecture:
    """A shape typical of published models with these parameter counts.

    Parameters
    ----------
    total_params, active_params : float
        All parameters, and those one token uses. [1]
    experts, top_k : int, optional
        Routed experts per layer and experts per token, if known.
    hybrid : bool
        State-space layers: one attention layer in ten keeps a KV cache.
    layers : int, optional
        Layers, if known.

    Notes
    -----
    A dense transformer of width h and depth L has about 12 L h^2 parameters, and published ones have
    h = 128 L within 30 %. Eight KV heads of 128 are the most common cache. Without expert counts,
    95 % of a mixture's parameters are taken to sit in 128 experts a layer.

    Examples
    --------
    Meta's 70.6 billion parameters sit in 80 layers of width 8192:

    >>> m = typical_architecture("x", 70.6e9)
    >>> m.layers, m.hidden
    (71, 9088)
    """
    active = total_params if active_params is None else active_params
    if not (math.isfinite(total_params) and total_params > 0 and math.isfinite(active)):
        raise RangeError(
            _("{name}: total_params={total}, active_params={active} are not counts.").format(
                name=name, total=total_params, active=active
            )
        )
    sparse = experts > 0 or active < 0.8 * total_params
    known = layers
    layers = max(round((active * (2.2 if sparse else 1.0) / 196_608) ** (1 / 3)), 4)
    hidden = 128 * layers
    if sparse:
        hidden = max(256 * round(80 * layers / 256), 512)
    if known:  # as many parameters in other layers: the width goes with the root
        hidden = max(128 * round(hidden * math.sqrt(layers / known) / 128), 128)
        layers = known
    if sparse and not experts:
        experts = 128
        top_k = max(round(experts * (1 - (1 - active / total_params) / 0.95)), 1)
    expert_ffn = 0
    if sparse:
        pool = (total_params - active) / (1 - top_k / experts) if top_k < experts else 0.9 * active
        expert_ffn = max(round(pool / (3 * layers * experts * hidden)), 1)
    return ModelArchitecture(
        name=name,
        layers=layers,
        hidden=hidden,
        heads=max(hidden // 128, 1),
        kv_heads=4 if sparse else 8,
        head_size=128,
        ffn=0 if sparse else 4 * hidden,
        vocabulary=128_256,
        experts=experts,
        top_k=top_k,
        expert_ffn=expert_ffn,
        moe_layers=layers if sparse else 0,
        attention_layers=max(layers // 10, 1) if hybrid else layers,
        state_b=2.4e6 * layers if hybrid else 0.0,
        total_params=total_params,
        active_params=min(active, total_params),
        tied_embedding=True,
        typical=True,
    )


_SIZE = re.compile(
    r"(\d{1,6}(?:\.\d+)?)\s*([bmt])(?:illion)?(?:[\s-]*a(\d{1,6}(?:\.\d+)?)\s*([bm]))?",
    re.IGNORECASE,
)
_LETTERS = {"b": 1e9, "m": 1e6, "t": 1e12}
_GIVEN = ("total", "active", "layers", "experts", "top_k")
LARGEST_MODEL = 1e15
LARGEST_LAYERS = 4096


def sized_model(text: str) -> ModelArchitecture | None:
    """The typical model of a size (`7B`, `235B-A22B`) or of sizes (`total=235e9,active=22e9,layers=94`).

    None if the text is neither.

    Raises
    ------
    RangeError
        If sizes are given and one is unknown, doubled or impossible.

    Examples
    --------
    >>> m = sized_model("235B-A22B")
    >>> m.total_params, m.active_params, sized_model("llama-3.1-8b") is None
    (235000000000.0, 22000000000.0, True)
    """
    plain = text.strip()
    match = _SIZE.fullmatch(plain)
    if match is not None:
        total = float(match[1]) * _LETTERS[match[2].lower()]
        active = float(match[3]) * _LETTERS[match[4].lower()] if match[3] else None
        return _told(plain, total, active)
    if "=" not in plain:
        return None
    given: dict[str, float] = {}
    for part in plain.split(","):
        key, _equals, value = part.partition("=")
        name = key.strip().lower()
        if name not in _GIVEN or name in given:
            raise RangeError(
                _("--model {text}: {key} is not a size of a model.").format(
                    text=plain[:60], key=repr(key.strip()[:20])
                ),
                _("known: {names}").format(names=listing(_GIVEN))
                + "; --model total=235e9,active=22e9,layers=94",
            )
        given[name] = _number(plain, name, value.strip())
    if "total" not in given:
        raise RangeError(
            _("--model {text}: the total of parameters is missing.").format(text=plain[:60]),
            "--model total=235e9,active=22e9",
        )
    active = given.get("active")
    return _told(
        plain,
        given["total"],
        active,
        layers=int(given.get("layers", 0)),
        experts=int(given.get("experts", 0)),
        top_k=int(given.get("top_k", 0)),
    )


def _number(text: str, name: str, value: str) -> float:
    match = re.fullmatch(r"(\d{1,20}(?:\.\d{1,20})?(?:e\d{1,2})?)\s*([bmt]?)", value, re.IGNORECASE)
    number = float(match[1]) * _LETTERS.get(match[2].lower(), 1.0) if match else math.nan
    count = name in ("layers", "experts", "top_k")
    largest = LARGEST_LAYERS if count else LARGEST_MODEL
    if not 1 <= number <= largest or (count and number != int(number)):
        raise RangeError(
            _("--model {text}: {key}={value} is not a count from 1 to {most:g}.").format(
                text=text[:60], key=name, value=value[:20], most=largest
            ),
            "--model total=235e9,active=22e9,layers=94",
        )
    return number


def _told(
    name: str,
    total: float,
    active: float | None,
    layers: int = 0,
    experts: int = 0,
    top_k: int = 0,
) -> ModelArchitecture:
    """A typical model that says it is one."""
    if active is not None and active > total:
        raise RangeError(
            _(
                "--model {text}: {active:g} parameters in use are more than {total:g} in all."
            ).format(text=name[:60], active=active, total=total),
            "--model total=235e9,active=22e9",
        )
    if not 1e6 <= total <= LARGEST_MODEL:
        raise RangeError(
            _("--model {text}: {total:g} parameters are not a language model.").format(
                text=name[:60], total=total
            ),
            _("write 7B, or total=7e9."),
        )
    made = typical_architecture(name, total, active, experts, top_k, layers=layers)
    said = Said(
        "model_typical",
        N_(
            "of the model only its size is known: layers and cache are those of published models of that size, "
            "and the range is {percent} % wider either way."
        ),
        {"percent": round(100 * DOUBT)},
    )
    return replace(made, doubt=DOUBT, said=(said,), reference=name)
