"""What does a language model consist of: layers, heads, experts, windows, parameters? [1, B]

Architecture is an argument of every energy and time calculation, never a lookup by model name alone:
a table of open models, a reader of a local Hugging Face `config.json` (`model_config.py`) and a
typical shape for a model of which only its parameter counts are known all give the same dataclass.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.quantity.catalog import table
from taotie.words.language import _

__all__ = [
    "ModelArchitecture",
    "find_model",
    "model_architecture",
    "model_architectures",
    "typical_architecture",
]


@dataclass(frozen=True)
class ModelArchitecture:
    """Shape of a decoder-only language model.

    Counts of layers split as they are built: every layer counted in `layers` holds a mixer
    (attention or a state-space block) and usually a feed-forward part; `attention_layers` of them
    keep a KV cache, `window_layers` of those only over the last `window` tokens; `moe_layers` hold a
    mixture of experts instead of one dense feed-forward network.
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    ffn: int
    vocabulary: int
    experts: int = 0
    top_k: int = 0
    expert_ffn: int = 0
    shared_ffn: int = 0
    moe_layers: int = 0
    attention_layers: int = 0
    window: int = 0
    window_layers: int = 0
    mla_rank: int = 0
    mixer_params: float = 0.0
    state_b: float = 0.0
    total_params: float = 0.0
    active_params: float = 0.0
    tied_embedding: bool = False
    image_tokens: int = 0
    """Tokens of one picture, where the model always uses as many; 0: unknown, none, or by resolution."""
    block_fp8: bool = True
    """Its fp8 release scales weights by blocks: experts then multiply whole blocks of 128 rows."""
    typical: bool = False
    """True when only parameter counts were known and the shape is our guess."""

    def __post_init__(self) -> None:
        if self.experts and not 0 < self.top_k <= self.experts:
            raise RangeError(
                _("{name} has {experts} experts but top_k={top_k}.").format(
                    name=self.name, experts=self.experts, top_k=self.top_k
                ),
                _("give how many experts one token uses (num_experts_per_tok in config.json)."),
            )
        if self.total_params <= 0 or not 0 < self.active_params <= self.total_params * 1.001:
            raise RangeError(
                _("{name}: total_params={total:.4g}, active_params={active:.4g} cannot be.").format(
                    name=self.name, total=self.total_params, active=self.active_params
                ),
                _("both are counts above 0, and active parameters are part of the total."),
            )

    @property
    def kind(self) -> str:
        """`dense`, `moe` or `hybrid` (state-space layers between attention)."""
        if self.state_b > 0:
            return "hybrid"
        return "moe" if self.experts else "dense"

    @property
    def kv_b_per_token(self) -> float:
        """KV-cache bytes that one more token adds at 16 bit, sliding windows not yet full. [B]

        >>> model_architecture("llama-3.1-8b").kv_b_per_token
        131072.0
        >>> model_architecture("deepseek-v3").kv_b_per_token  # latent attention, 61 x (512 + 64) x 2
        70272.0
        """
        return float(self.attention_layers * self.kv_b_per_layer)

    @property
    def kv_b_per_layer(self) -> float:
        """KV-cache bytes per token and attention layer at 16 bit. [B]"""
        if self.mla_rank:
            return float(self.mla_rank * 2)
        return float(2 * self.kv_heads * self.head_size * 2)

    @property
    def expert_params(self) -> float:
        """Parameters of all routed experts together. [1]

        Taken from the shape where the shape is real; from total and active counts otherwise.
        """
        if not self.experts:
            return 0.0
        by_shape = 3.0 * self.moe_layers * self.experts * self.hidden * self.expert_ffn
        by_count = (self.total_params - self.active_params) / (1.0 - self.top_k / self.experts)
        if self.typical or by_shape <= 0 or by_shape > self.total_params:
            return min(by_count, self.total_params)
        return by_shape

    @property
    def matmul_params(self) -> float:
        """Parameters that one token multiplies with: active ones less the input embedding. [1]"""
        lookup = 0.0 if self.tied_embedding else float(self.vocabulary * self.hidden)
        return max(self.active_params - lookup, 0.5 * self.active_params)


_INTEGERS = (
    "layers", "hidden", "heads", "kv_heads", "head_size", "ffn", "vocabulary", "experts", "top_k",
    "expert_ffn", "shared_ffn", "moe_layers", "attention_layers", "window", "window_layers", "mla_rank",
    "image_tokens",
)  # fmt: skip
_REALS = ("mixer_params", "state_b", "total_params", "active_params")


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
        found[item] = ModelArchitecture(
            name=item,
            tied_embedding=bool(values["tied_embedding"]),
            block_fp8=scaled is None or float(scaled["value"]) != 0.0,
            **{k: int(values[k]) for k in _INTEGERS},  # type: ignore[arg-type]
            **{k: values[k] for k in _REALS},  # type: ignore[arg-type]
        )
    return found


def model_architecture(name: str) -> ModelArchitecture:
    """The model of that name (`llama-3.1-8b`, also `meta-llama/Llama-3.1-8B-Instruct`).

    Raises
    ------
    UnknownNameError
        If no shipped model fits; the hint names the nearest.

    Examples
    --------
    >>> m = model_architecture("mixtral-8x7b")
    >>> m.experts, m.top_k, round(m.total_params / 1e9, 1), round(m.active_params / 1e9, 1)
    (8, 2, 46.7, 12.9)
    """
    found = find_model(name)
    if found is None:
        raise UnknownNameError(
            _("model {name!r} is not in the table.").format(name=name),
            nearest(plain_name(name), model_architectures())
            + " "
            + _("Or give its config.json, or its total and active parameters."),
        )
    return found


def plain_name(name: str) -> str:
    """`org/Name-Instruct-2507-FP8` -> `name`: publisher, tuning, date and precision removed."""
    text = name.split("/")[-1].lower().replace("_", "-")
    text = re.sub(r"^(meta|nvidia)-(?=llama|nvidia|nemotron)", "", text)
    drop = r"-(instruct|thinking|it|chat|base|hf|fp8|bf16|mxfp4|nvfp4|int4|awq|gptq|preview|dynamic)(?=-|$)"
    while (shorter := re.sub(drop, "", text)) != text:
        text = shorter
    return re.sub(r"-(v0\.\d|\d{4})(?=-|$)", "", text)


def find_model(name: str, total_params: float | None = None) -> ModelArchitecture | None:
    """The shipped model that `name` means, or None.

    With `total_params` a hit must agree with it within 25 %, so that a namesake of another size is
    not taken.
    """
    models = model_architectures()
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
        hits = sorted((k for k in models if text.startswith(k + "-")), key=len, reverse=True)[:1]
    if not hits:
        return None
    found = models[hits[0]]
    if total_params is not None and abs(math.log(found.total_params / total_params)) > 0.25:
        return None
    return found


def typical_architecture(
    name: str,
    total_params: float,
    active_params: float | None = None,
    experts: int = 0,
    top_k: int = 0,
    hybrid: bool = False,
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
    layers = max(round((active * (2.2 if sparse else 1.0) / 196_608) ** (1 / 3)), 4)
    hidden = 128 * layers
    if sparse:
        hidden = max(256 * round(80 * layers / 256), 512)
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
