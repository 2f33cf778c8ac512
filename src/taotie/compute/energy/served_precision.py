"""In which number format is a model served on a chip: as asked, as released, or the next wider the chip has? [-]"""

from __future__ import annotations

from taotie.compute.energy.model_shape import ModelArchitecture
from taotie.compute.energy.serving_setup import PRECISIONS
from taotie.compute.energy.serving_setup import precision as precision_named
from taotie.hardware.accelerator import Accelerator
from taotie.hardware.number_formats import served_format
from taotie.words.language import N_
from taotie.words.said import Said

__all__ = ["plain_precision", "served_precision"]


def plain_precision(name: str) -> str:
    """The name in our tables of a precision, however it is spelled.

    Raises
    ------
    UnknownNameError
        If it is not known.

    Examples
    --------
    >>> plain_precision("bfloat16"), plain_precision("AWQ")
    ('bf16', 'int4')
    """
    found = precision_named(name)
    return next(key for key, value in PRECISIONS.items() if value is found)


def served_precision(
    model: ModelArchitecture, chip: Accelerator, asked: str | None = None
) -> tuple[str, tuple[Said, ...]]:
    """Precision the calculation uses, and what is said of it.

    Parameters
    ----------
    model : ModelArchitecture
    chip : Accelerator
    asked : str, optional
        Default: the format of the publisher's release.

    Raises
    ------
    UnknownNameError
        If the precision is not known.

    Examples
    --------
    >>> from taotie.compute.energy.model_architecture import model_architecture
    >>> from taotie.hardware.accelerator import accelerator
    >>> served_precision(model_architecture("deepseek-v3"), accelerator("h200"))[0]
    'fp8'
    >>> served_precision(model_architecture("deepseek-v3"), accelerator("v100"))[0]
    'bf16'
    """
    wanted = plain_precision(asked) if asked else model.precision_native
    served = served_format(chip, wanted)
    said: list[Said] = []
    if not asked:
        said.append(
            Said(
                "precision_native",
                N_("no release of {model} is known: {precision} is taken.")
                if model.typical
                else N_(
                    "{model} is released in {precision}, and served so where nothing else is said."
                ),
                {"model": model.name, "precision": wanted},
            )
        )
    elif wanted != model.precision_native:
        said.append(
            Said(
                "precision_native",
                N_("{model} is released in {native}; {precision} was asked for."),
                {"model": model.name, "native": model.precision_native, "precision": wanted},
            )
        )
    if served.said is not None:
        said.append(served.said)
    return served.precision, tuple(said)
