"""Which models are in the table, and what is one made of? The ask behind `taotie models`. [1, B]"""

from __future__ import annotations

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["models"]

COLUMNS = (
    Column("name", "", N_("model")),
    Column("total_params", "1e9", N_("parameters")),
    Column("active_params", "1e9", N_("used per token")),
    Column("layers", "", N_("layers")),
    Column("experts", "", N_("experts")),
    Column("kv_b_per_token", "B/token", N_("cache of one more token")),
    Column("fixed_state_b", "B", N_("fixed cache")),
    Column("precision_native", "", N_("released in")),
)


@answers_with("models")
def models(model: str = "") -> Answer:
    """The table of models; or one model of it, of a config.json or of sizes, part by part.

    Raises
    ------
    UnknownNameError
        If no model has that name; the hint gives the nearest.
    DataError, RangeError
        If a file cannot be read or a key is missing; the message names it.

    Examples
    --------
    >>> models("llama-3.1-8b").own["kv_b_per_token"]
    131072.0
    """
    from taotie.compute.energy.model_architecture import (
        model_architecture,
        model_architectures,
        model_used,
    )

    if not model:
        rows = tuple(
            (
                m.name,
                round(m.total_params / 1e9, 3),
                round(m.active_params / 1e9, 3),
                m.layers,
                m.experts,
                m.kv_b_per_token,
                m.fixed_state_b,
                m.precision_native,
            )
            for m in model_architectures().values()
        )
        said = Said(
            "models_listed",
            N_(
                "{n} models; any other by its config.json or its size: taotie models path/config.json, --model 7B."
            ),
            {"n": len(rows)},
        )
        return Answer("models", {}, tables={"models": Table(COLUMNS, rows)}, said=(said,))
    m = model_architecture(model)
    low, high = (1.0 - m.doubt, 1.0 + m.doubt)
    parts = (
        ("model_type", m.model_type or m.kind, ""),
        ("total_params", m.total_params, "1"),
        ("active_params", m.active_params, "1"),
        ("kv_b_per_token", m.kv_b_per_token, "B/token"),
        ("fixed_state_b", m.fixed_state_b, "B"),
        ("layers_full", m.attention_layers - m.window_layers, "1"),
        ("layers_window", m.window_layers, "1"),
        ("layers_linear", m.linear_layers, "1"),
        ("experts", m.experts, "1"),
        ("top_k", m.top_k, "1"),
        ("hidden", m.hidden, "1"),
        ("precision_native", m.precision_native, ""),
    )
    columns = (
        Column("quantity", "", N_("quantity")),
        Column("value", "", N_("value")),
        Column("unit", "", N_("unit")),
    )
    own = {
        "name": m.name,
        "model_type": m.model_type or m.kind,
        "total_params": m.total_params,
        "active_params": m.active_params,
        "kv_b_per_token": m.kv_b_per_token,
        "fixed_state_b": m.fixed_state_b,
        "layers": {
            "full": m.attention_layers - m.window_layers,
            "window": m.window_layers,
            "linear": m.linear_layers,
        },
        "precision_native": m.precision_native,
        "range": {
            key: {"low": low * value, "high": high * value}
            for key, value in (
                ("total_params", m.total_params),
                ("active_params", m.active_params),
                ("kv_b_per_token", m.kv_b_per_token),
                ("fixed_state_b", m.fixed_state_b),
            )
        }
        if m.doubt
        else {},
    }
    return Answer(
        "models",
        {"model": model},
        tables={"model": Table(columns, parts)},
        said=model_used(m),
        own=own,
    )
