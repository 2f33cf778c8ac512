"""Which number format does a chip serve a model in, when it lacks the one of the release? [1]

A release is published in one format (bf16, fp8, mxfp4, int4 ...). A chip whose matrix units lack it either keeps
the weights as they are and unpacks them to 16 bit before it multiplies, or, where no software does that, holds
them in the next wider format it has. Either is said, never silent.
"""

from __future__ import annotations

from dataclasses import dataclass

from taotie.hardware.accelerator import Accelerator
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["ServedFormat", "served_format"]

_NEEDS = {"fp8": "fp8", "nvfp4": "fp4", "int8": "int8"}
"""Format the matrix units need to multiply weights of that precision; others are unpacked to 16 bit anyway."""
_UNPACKS = ("ampere", "ada", "hopper", "blackwell", "cdna3", "cdna4")
"""Architectures whose serving software unpacks 8- and 4-bit floats to 16 bit inside the matrix product."""
_UNPACKS_INT4 = (*_UNPACKS, "turing", "cdna2", "ascend", "apple")
"""The same for 4-bit integers."""


@dataclass(frozen=True)
class ServedFormat:
    """How a model is held on a chip."""

    precision: str
    """Precision the calculation uses: `bf16`, `fp8`, `int4` ..."""
    asked: str
    said: Said | None = None
    """What differs from what was asked; None where the chip has the format."""


def served_format(chip: Accelerator, precision: str) -> ServedFormat:
    """The format in which `chip` serves a model that comes in `precision`.

    Examples
    --------
    >>> from taotie.hardware.accelerator import accelerator
    >>> served_format(accelerator("h100"), "fp8").said is None
    True
    >>> print(served_format(accelerator("t4"), "fp8").said)
    NVIDIA T4 has no fp8 and no software that unpacks it: weights are held as fp16.
    """
    if precision == "bf16":
        if "bf16" in chip.formats:
            return ServedFormat("bf16", "bf16")
        return ServedFormat(
            "bf16",
            "bf16",
            Said(
                "precision_served",
                N_("{chip} has no bf16: the model is served as fp16, of the same size."),
                {"chip": chip.label},
            ),
        )
    if precision == "fp32" or _NEEDS.get(precision, "") in chip.formats:
        return ServedFormat(precision, precision)
    unpacked = _UNPACKS_INT4 if precision in ("int4", "int8") else _UNPACKS
    if chip.architecture in unpacked:
        if precision not in _NEEDS:  # mxfp4 and int4 are unpacked everywhere: nothing is lost
            return ServedFormat(precision, precision)
        return ServedFormat(
            "int4" if precision == "nvfp4" else precision,
            precision,
            Said(
                "precision_served",
                N_(
                    "{chip} has no {precision} units: weights stay as released and are unpacked to 16 bit "
                    "to be multiplied."
                ),
                {"chip": chip.label, "precision": precision},
            ),
        )
    wider = [f for f in ("fp8", "int8") if f in chip.formats and precision in ("mxfp4", "nvfp4")]
    held = wider[0] if wider and wider[0] == "fp8" else "bf16"
    name = "fp8" if held == "fp8" else "bf16" if "bf16" in chip.formats else "fp16"
    return ServedFormat(
        held,
        precision,
        Said(
            "precision_served",
            N_(
                "{chip} has no {precision} and no software that unpacks it: weights are held as {held}."
            ),
            {"chip": chip.label, "precision": precision, "held": name},
        ),
    )
