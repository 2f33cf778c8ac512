"""What does a language model consist of: layers, heads, experts, windows, parameters, cache? [1, B]

Architecture is an argument of every energy and time calculation, never a lookup by model name alone: a table of open
models, a reader of a local Hugging Face `config.json` (`model_config.py`) and a typical shape for a model of which
only its parameter counts are known all give the same dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass

from taotie.errors import RangeError
from taotie.words.language import _
from taotie.words.said import Said

__all__ = ["ModelArchitecture"]


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
    model_type: str = ""
    """`model_type` of the config.json it was read from."""
    linear_layers: int = 0
    """Layers that hold a recurrent state."""
    kv_layer_b: float = 0.0
    """Cache bytes per token and layer at 16 bit where heads and head size do not tell; 0: they do."""
    fixed_b: float = 0.0
    """Bytes at 16 bit of all full windows and recurrent states; 0: `state_b` and windows of `window` - 1 tokens."""
    precision_native: str = "bf16"
    """Number format of the publisher's release."""
    doubt: float = 0.0
    """Half-width of the range of its sizes, relative, where its file was not wholly understood."""
    said: tuple[Said, ...] = ()
    """Notes on how it was read."""
    reference: str = ""
    """What to call it by to get it again, where that is not its name: a path, or sizes."""

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
        """KV-cache bytes that one more token of a long conversation adds at 16 bit: full windows add none. [B]

        >>> from taotie.compute.energy.model_architecture import model_architecture
        >>> model_architecture("llama-3.1-8b").kv_b_per_token
        131072.0
        >>> model_architecture("deepseek-v3").kv_b_per_token  # latent attention, 61 x (512 + 64) x 2
        70272.0
        """
        return float((self.attention_layers - self.window_layers) * self.kv_b_per_layer)

    @property
    def fixed_state_b(self) -> float:
        """Cache of one sequence at 16 bit that no further token adds to: full windows, recurrent states. [B]"""
        if self.fixed_b:
            return self.fixed_b
        held = self.window_layers * self.kv_b_per_layer * max(self.window - 1, 0)
        return self.state_b + held

    @property
    def kv_b_per_layer(self) -> float:
        """KV-cache bytes per token and attention layer at 16 bit. [B]"""
        if self.kv_layer_b:
            return self.kv_layer_b
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
