"""Which forms can be filled? All of them by key, with edition and who it is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from taotie.errors import UnknownNameError, nearest
from taotie.policy.disclosure import (
    carbon_score,
    datacenter,
    machine_readable,
    mdf,
    rating,
    scope2,
)
from taotie.policy.disclosure.facts import Facts
from taotie.policy.disclosure.form import Disclosure
from taotie.words.language import _

__all__ = ["FORMS", "filled"]

FORMS = {
    "mdf": mdf.mdf,
    "dc2024": datacenter.datacenter_sheet,
    "sci": carbon_score.sci,
    "sci-ai": carbon_score.sci_ai,
    "scope2": scope2.scope2,
    "rating": rating.rating,
    "boamps": machine_readable.boamps,
    "cyclonedx": machine_readable.cyclonedx,
    "spdx": machine_readable.spdx,
    "esrs": scope2.esrs_e1,
}


def filled(form: str, facts: Facts, options: Mapping[str, Any] | None = None) -> Disclosure:
    """A form from facts.

    Raises
    ------
    UnknownNameError
        If there is no such form; the message names the nearest.
    BoundaryError
        If no boundary is known.
    """
    if form not in FORMS:
        raise UnknownNameError(
            _("{form} is not a form.").format(form=repr(form)), nearest(form, FORMS)
        )
    return FORMS[form](facts, options or {})
