"""Which assumption decides a verdict? Claims with other values for some of their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from taotie.audit.claim import Article, ClaimError
from taotie.audit.formula import Input
from taotie.audit.statement import parse_statement
from taotie.audit.wording import quantity
from taotie.errors import TaotieError, nearest
from taotie.words.language import _


def with_inputs(article: Article, values: Mapping[str, str]) -> Article:
    """The same article with other inputs.

    Parameters
    ----------
    article : Article
        The claims.
    values : mapping of str to str
        From ``claim.input`` to a value with its unit, such as ``{"phone-100.per_charge": "12 Wh/charge"}``;
        ranges are written ``6.5-10.2 kW/server``.

    Raises
    ------
    ClaimError
        If there is no such claim or input, or the value has another dimension.

    Examples
    --------
    A hidden constant decides how many phones a hundred answers charge:

    >>> from taotie.audit.article import audit_claims
    >>> from taotie.audit.claims_file import read_claims
    >>> older = with_inputs(read_claims(), {"phone-100.per_charge": "12 Wh/charge"})
    >>> audit_claims(read_claims()).result("phone-100").verdict
    'reproduces'
    >>> audit_claims(older).result("phone-100").verdict
    'inconsistent with source'
    """
    claims = {c.id: c for c in article.claims}
    for key, text in values.items():
        claim_id, _dot, name = key.rpartition(".")
        claim = claims[article.claim(claim_id).id]
        if name not in claim.inputs:
            raise ClaimError(
                _("claim {id} has no input {name}.").format(id=claim_id, name=repr(name)),
                nearest(name, claim.inputs) if claim.inputs else "",
            )
        given = claim.inputs[name]
        try:
            stated = parse_statement(text, article.counted).stated.to(given.numbers.unit)
        except TaotieError as error:
            raise ClaimError(
                _("{key}={text}: {what}").format(key=key, text=repr(text), what=error.message),
                error.hint,
            ) from None
        if stated.low < 0 <= given.numbers.low:
            raise ClaimError(
                _("{key}={text} is negative.").format(key=key, text=repr(text)),
                _("what was above zero stays above zero, such as {value}").format(
                    value=quantity(given.numbers.value, given.numbers.unit)
                ),
            )
        numbers = Input(stated.value, stated.unit, stated.low, stated.high)
        changed = replace(
            given, numbers=numbers, figures=(), source_key="", access="read", note=_("set by hand")
        )
        claims[claim_id] = replace(claim, inputs={**claim.inputs, name: changed})
    return replace(article, claims=tuple(claims.values()))
