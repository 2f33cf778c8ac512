"""In which number format did the publisher release the weights? [-]"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

__all__ = ["named_precision", "native_precision"]

_METHODS = {"awq": "int4", "gptq": "int4", "mxfp4": "mxfp4", "fp8": "fp8", "fbgemm_fp8": "fp8"}

_NAMED = {
    "bf16": "bf16", "fp16": "bf16", "fp8": "fp8", "int8": "int8", "w8a8": "int8", "w8a16": "int8", "8bit": "int8",
    "q8": "int8", "mxfp4": "mxfp4", "nvfp4": "nvfp4", "fp4": "nvfp4", "int4": "int4", "w4a16": "int4", "4bit": "int4",
    "q4": "int4", "awq": "int4", "gptq": "int4",
}  # fmt: skip
"""Words by which the name of a release tells its format; a method (awq, gptq) stands for 4 bits unless bits are named."""


def named_precision(name: str) -> str | None:
    """The format that the name of a release says it is in; none where it says nothing.

    Examples
    --------
    >>> named_precision("Qwen/Qwen3-235B-A22B-FP8"), named_precision("qwen2.5-72b-instruct-gptq-int8")
    ('fp8', 'int8')
    >>> named_precision("deepseek-v3") is None
    True
    """
    words = [w for w in re.split(r"[-_. ]", name.strip().split("/")[-1].lower()) if w in _NAMED]
    words = [w for w in words if w not in ("awq", "gptq")] or words
    return _NAMED[words[-1]] if words else None


def native_precision(config: Mapping[str, Any], text: Mapping[str, Any] | None = None) -> str:
    """Precision by `quantization_config`, else by the type of the tensors; `bf16` if nothing is said.

    Examples
    --------
    >>> native_precision({"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}})
    'fp8'
    >>> native_precision({"torch_dtype": "bfloat16"})
    'bf16'
    """
    around = [part for part in (config, text or {}) if isinstance(part, Mapping)]
    for part in around:  # experts hold nearly all weights: their format is the release's
        if str(part.get("expert_dtype", "")).lower() in ("fp4", "mxfp4"):
            return "mxfp4"
    for part in around:
        given = part.get("quantization_config") or part.get("compression_config")
        if isinstance(given, Mapping):
            return _quantised(given)
    for part in around:
        kind = str(part.get("dtype") or part.get("torch_dtype") or "").replace("torch.", "")
        if kind:
            return {"float32": "fp32", "float8_e4m3fn": "fp8"}.get(kind, "bf16")
    return "bf16"


def _quantised(given: Mapping[str, Any]) -> str:
    method = str(given.get("quant_method", "")).lower()
    words = " ".join(
        str(given.get(key, ""))
        for key in ("quant_algo", "format", "quant_type", "fmt", "expert_dtype")
    ).lower()
    bits = given.get("bits") or given.get("w_bit")
    groups = given.get("config_groups")
    if isinstance(groups, Mapping):
        for group in groups.values():
            weights = group.get("weights") if isinstance(group, Mapping) else None
            if isinstance(weights, Mapping):
                bits = bits or weights.get("num_bits")
                words += " " + str(weights.get("type", ""))
    if "nvfp4" in words:
        return "nvfp4"
    if "mxfp4" in words or method == "mxfp4":
        return "mxfp4"
    if given.get("load_in_4bit") or bits == 4:
        return (
            "nvfp4"
            if "float" in words and "pack" not in words and method != "bitsandbytes"
            else "int4"
        )
    if given.get("load_in_8bit"):
        return "int8"
    if bits == 8 or "fp8" in words or method in ("fp8", "fbgemm_fp8"):
        integer = method in ("awq", "gptq") or "int" in words.replace("point", "")
        return "int8" if integer and "fp8" not in words else "fp8"
    return _METHODS.get(method, "int4" if "w4" in words else "bf16")
