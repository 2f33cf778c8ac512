"""Which model is meant: a name of the table, a config.json, or sizes? [-]"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from taotie.compute.closed_names import Product, closed_family, closed_name, product_named
from taotie.compute.energy.model_config import is_config_path, read_model_config
from taotie.compute.energy.model_precision import named_precision
from taotie.compute.energy.model_shape import ModelArchitecture
from taotie.compute.energy.model_typical import sized_model, typical_architecture
from taotie.errors import UnknownNameError, nearest
from taotie.quantity.catalog import table
from taotie.quantity.wording import counted
from taotie.words.language import N_, _
from taotie.words.listing import listing
from taotie.words.said import Said

__all__ = [
    "ModelArchitecture",
    "beside",
    "find_model",
    "from_memory",
    "model_architecture",
    "model_architectures",
    "model_used",
    "typical_architecture",
]

_INTEGERS = (
    "layers", "hidden", "heads", "kv_heads", "head_size", "ffn", "vocabulary", "experts", "top_k",
    "expert_ffn", "shared_ffn", "moe_layers", "attention_layers", "window", "window_layers", "mla_rank",
    "image_tokens",
)  # fmt: skip
_REALS = ("mixer_params", "state_b", "total_params", "active_params")


RECALLED_DOUBT = 0.05
"""Half-width of the range for a shape typed from memory: of 700 cells looked up since, two shapes were wrong; our guess."""


def from_memory(name: str, quantities: Sequence[str], half_width: float = RECALLED_DOUBT) -> Said:
    """That these quantities of a model's shape were never looked up, and by how much its range is wider."""
    return Said(
        "model_from_memory",
        N_("the shape of {name} was typed from memory ({keys}): the range is {percent} % wider."),
        {"name": name, "keys": ", ".join(quantities), "percent": round(100 * half_width)},
    )


def format_from_memory(name: str, native: str) -> Said:
    """That nobody looked up which number format a model is released in."""
    return Said(
        "precision_from_memory",
        N_("that {name} is released in {precision} was typed from memory, not looked up."),
        {"name": name, "precision": native},
    )


@lru_cache(maxsize=1)
def model_architectures() -> dict[str, ModelArchitecture]:
    """All models of the shipped table by name."""
    cells = table("models")
    found: dict[str, ModelArchitecture] = {}
    for item in cells.items():
        values: dict[str, float] = {}
        for quantity in (*_INTEGERS, *_REALS, "tied_embedding"):
            cell = cells.cells.get((item, quantity))
            values[quantity] = float(cell["value"]) if cell is not None and cell["value"] else 0.0
        scaled = cells.cells.get((item, "block_fp8"))
        native = cells.cells.get((item, "precision_native"))
        typed = cells.from_memory.get(item, ())
        recalled = [quantity for quantity in typed if quantity != "precision_native"]
        notes = (from_memory(item, recalled),) if recalled else ()
        if native is not None and "precision_native" in typed:
            notes = (*notes, format_from_memory(item, native["value"]))
        found[item] = ModelArchitecture(
            name=item,
            tied_embedding=bool(values["tied_embedding"]),
            block_fp8=scaled is None or float(scaled["value"]) != 0.0,
            precision_native="bf16" if native is None else native["value"],
            doubt=RECALLED_DOUBT if recalled else 0.0,
            said=notes,
            **{k: int(values[k]) for k in _INTEGERS},  # type: ignore[arg-type]
            **{k: values[k] for k in _REALS},  # type: ignore[arg-type]
        )
    return found


def model_architecture(name: str) -> ModelArchitecture:
    """The model that `name` means.

    Parameters
    ----------
    name : str
        A name of the table (`llama-3.1-8b`, also `meta-llama/Llama-3.1-8B-Instruct`), the path of a `config.json` or
        of its folder, a size (`7B`, `235B-A22B`), or sizes (`total=235e9,active=22e9,layers=94`).

    Raises
    ------
    UnknownNameError
        If no shipped model fits; the hint names the nearest.
    DataError, RangeError
        If the file cannot be read, or its sizes are impossible.

    Examples
    --------
    >>> m = model_architecture("mixtral-8x7b")
    >>> m.experts, m.top_k, round(m.total_params / 1e9, 1), round(m.active_params / 1e9, 1)
    (8, 2, 46.7, 12.9)
    >>> model_architecture("total=235e9,active=22e9,layers=94").layers
    94
    """
    text = str(name).strip()
    if is_config_path(text):
        path = Path(text).expanduser()
        inner = path / "config.json" if path.is_dir() else path
        stamp = inner.stat().st_mtime_ns if inner.is_file() else 0
        return _from_file(str(path), stamp)
    found = _named(text)
    if found is None:
        if closed_name(text) is not None:
            raise UnknownNameError(
                _(
                    "{name} is a closed model: its maker has published neither shape nor size."
                ).format(name=text[:80]),
                _(
                    "taotie prompt {name} and a study answer for it with a wide range; here give sizes you believe in: --model total=200e9,active=40e9"
                ).format(name=text[:80]),
            )
        product = product_named(text)
        if product is not None:
            raise _of_a_product(text[:80], product)
        raise UnknownNameError(
            _("model {name!r} is not in the table.").format(name=text[:80]),
            _near(text)
            + " "
            + _("Or give its config.json (--model path/config.json), or sizes: --model total=7e9.")
            + " "
            + _(
                "A closed model that is not held is told by its list price, USD per million tokens: taotie prompt -m NAME --price-in 0.3 --price-out 1.2."
            ),
        )
    return found


def _of_a_product(name: str, product: Product) -> UnknownNameError:
    """That a name is one of a service, which of its maker's models are published, and how to come near it."""
    published = (
        [k for k in model_architectures() if k.startswith(product.open)] if product.open else []
    )
    ways = _(
        "by its list price, USD per million tokens: taotie prompt -m {name} --price-in 0.3 --price-out 1.2; or by sizes you believe in: --model total=200e9,active=20e9."
    ).format(name=f'"{name}"' if " " in name else name)
    if not published:
        return UnknownNameError(
            _(
                "{name} is a service of {maker}; the model behind it is closed: neither shape nor size is published."
            ).format(name=name, maker=product.maker),
            ways,
        )
    few = listing(published[:6])
    return UnknownNameError(
        _(
            "{name} is a service of {maker}, not a model; which one answers is not published."
        ).format(name=name, maker=product.maker),
        _("{maker} has published {models}. A closed one is estimated {ways}").format(
            maker=product.maker, models=few, ways=ways
        ),
    )


def _near(text: str) -> str:
    """The open models nearest by spelling; of a product or a family alone its latest closed ones."""
    known, plain = model_architectures(), plain_name(text)
    closed = closed_family(text)[:3]
    alone = any(k.startswith(plain) for k in closed) and not any(k.startswith(plain) for k in known)
    if closed and (alone or not difflib.get_close_matches(plain, known, n=1, cutoff=0.5)):
        return _("did you mean {names}?").format(names=listing(closed))
    return nearest(plain, known)


@lru_cache(maxsize=256)
def _named(text: str) -> ModelArchitecture | None:
    """The model of a size or a name; asked many times for one answer."""
    return sized_model(text) or find_model(text)


def beside(name: str, file: str | Path) -> str:
    """A model given as a path relative to the file that names it, as a path from here; any other name as it is.

    >>> beside("llama-3.1-8b", "studies/x.toml"), beside("x/config.json", "studies/x.toml").replace(chr(92), "/")
    ('llama-3.1-8b', 'studies/x/config.json')
    """
    near = Path(file).parent / name
    if not Path(name).is_absolute() and (name.lower().endswith(".json") or near.is_dir()):
        return str(near)
    return name


@lru_cache(maxsize=64)
def _from_file(path: str, stamp: int) -> ModelArchitecture:
    """Read once, and again when the file has changed."""
    return read_model_config(path)


def model_used(model: ModelArchitecture) -> tuple[Said, ...]:
    """What a result says of the model behind it: which one, of what size, and what was not sure of it."""
    used = Said(
        "model_used",
        N_("model: {name}, {total} parameters, {active} used per token."),
        {
            "name": model.name,
            "total": counted(model.total_params),
            "active": counted(model.active_params),
        },
    )
    return (used, *model.said)


def plain_name(name: str, version: bool = False) -> str:
    """`org/Name-Instruct-2507-FP8` -> `name`: publisher, tuning, date and precision removed.

    With `version` a `v0.1` stays: such releases may differ in shape.
    """
    text = re.sub(r"[\s_]+", "-", name.strip().split("/")[-1].lower())
    text = re.sub(r"^(meta|nvidia)-(?=llama|nvidia|nemotron)", "", text)
    drop = r"-(instruct|thinking|it|chat|base|hf|fp8|bf16|mxfp4|nvfp4|int4|awq|gptq|preview|dynamic)(?=-|$)"
    while (shorter := re.sub(drop, "", text)) != text:
        text = shorter
    return re.sub(r"-(\d{4})(?=-|$)" if version else r"-(v0\.\d|\d{4})(?=-|$)", "", text)


_TUNING = re.compile(
    r"instruct|chat|it|pt|base|hf|thinking|reasoning|preview|dynamic|original|bf16|fp16|fp8|fp4|nvfp4|mxfp4|int4|int8|"
    r"awq|gptq|gguf|w4a16|w8a8|mlx|4bit|8bit|q\d.*|\d{4,8}|\d{2}|\d{1,4}k|v\d+(\.\d+)*|sft|dpo|rl|gqa|hybrid|exp|"
    r"uncensored|abliterated|code|coder|math|vl|omni|vision|maas|latest|text|quantized(\.w\d+a\d+)?|bnb|static|turbo|fast|"
    r"dense|moe|release|"
    r"8192|128e|16e|long|1m"
)
"""Words after a model's name that leave its shape alone."""


@lru_cache(maxsize=512)
def find_model(name: str, total_params: float | None = None) -> ModelArchitecture | None:
    """The shipped model that `name` means, or None.

    A name that says another size, or another kin (`mini`, `lite`), than the row it begins like is not that row: with
    `total_params` a hit must agree with it within 25 %, without it the rest of the name must leave the shape alone. A
    name that says a number format is a release in that format.

    >>> find_model("Phi-4-mini-instruct") is None, find_model("Llama 3.1 8B").name
    (True, 'llama-3.1-8b')
    >>> find_model("Qwen3-32B").precision_native, find_model("Qwen/Qwen3-32B-FP8").precision_native
    ('bf16', 'fp8')
    """
    found, held = _shipped(name, total_params), named_precision(name)
    if found is None or held is None:
        return found
    known = tuple(said for said in found.said if said.code != "precision_from_memory")
    return replace(found, precision_native=held, said=known)


def _shipped(name: str, total_params: float | None) -> ModelArchitecture | None:
    models = model_architectures()
    release = re.sub(r"[\s_]+", "-", name.strip().split("/")[-1].lower())
    if release in models:  # a release of its own, such as one that thinks, in another format
        return models[release] if _agrees(models[release], total_params) else None
    whole = plain_name(name, version=True)
    if whole in models:
        return models[whole] if _agrees(models[whole], total_params) else None
    text = plain_name(name)
    if "-distill-" in text:  # a small model taught by a large one keeps its own shape
        text = (
            text.split("-distill-")[1].replace("llama-", "llama-3.1-").replace("qwen-", "qwen2.5-")
        )
    hits = [text] if text in models else []
    if not hits:
        squeezed = re.sub(r"-(vl|omni|coder|vision)(?=-|$)", "", text)
        hits = [squeezed] if squeezed in models else []
    if not hits:
        bare = re.sub(r"[^a-z0-9]", "", text)
        alike = [key for key in models if re.sub(r"[^a-z0-9]", "", key) == bare]
        hits = alike if len(alike) == 1 else []
    if not hits:
        longer = sorted((k for k in models if text.startswith(k + "-")), key=len, reverse=True)[:1]
        if longer and total_params is None:
            rest = text[len(longer[0]) + 1 :].split("-")
            longer = longer if all(_TUNING.fullmatch(word) for word in rest) else []
        hits = longer
    if not hits:
        return None
    found = models[hits[0]]
    return found if _agrees(found, total_params) else None


def _agrees(found: ModelArchitecture, total_params: float | None) -> bool:
    return total_params is None or abs(math.log(found.total_params / total_params)) <= 0.25
