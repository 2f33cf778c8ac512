"""How much does one embedding or classification take? The ask behind `taotie embed`. [Wh/request]"""

from __future__ import annotations

from taotie.answer.answer import Answer
from taotie.answer.asking import Chosen, answers
from taotie.answer.generate import item_answer
from taotie.answer.whereabouts import at_of
from taotie.errors import RangeError
from taotie.hardware.machines import machines
from taotie.words.language import _

__all__ = ["embed"]


@answers("embed")
def embed(chosen: Chosen) -> Answer:
    """Energy of one input through an encoder (BERT and kin), from the accelerator to the building's meter.

    Raises
    ------
    UnknownNameError, RangeError
        If a name is not known, or a value is impossible.

    Examples
    --------
    >>> embed(on="a100", samples=200).figures["energy_per_request"].boundary
    'facility'
    """
    from taotie.study.one_item import one_embedding

    chip, count = machines(chosen.on)
    if count not in (None, 1):
        raise RangeError(
            _("an encoder runs on one accelerator, not on {count}.").format(count=count),
            f"--on {chip}",
        )
    one = one_embedding(
        accelerator=chip, params=float(chosen.params), layers=float(chosen.layers), tokens=float(chosen.tokens),
        batch=float(chosen.batch), pue=chosen.pue, at=at_of(chosen),
    )  # fmt: skip
    return item_answer("embed", chosen, one, ())
