"""An article whose numbers are zeros, ones, equal or each other's is read like any other: no relation divides by nothing."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from taotie.audit.article_text import audit_text

CASES = Path(__file__).parents[1] / "cases" / "audit"
ARTICLES = sorted([*CASES.glob("articles/*.txt"), *CASES.glob("planted/*.txt")])
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
POOLS = (("0",), ("1",), ("100",), ("0", "1", "100", "1000"), ("-1",), ())


@pytest.mark.parametrize("pools", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_property_any_numbers_are_read(path: Path, pools: int) -> None:
    """Each article with the numbers of one pool, each pool in one article at least; `make accept` puts two into each."""
    text = path.read_text("utf-8")
    rng = random.Random(path.stem)
    for pool in rng.sample(POOLS, pools):
        put, share = pool or _NUMBER.findall(text), rng.choice((0.1, 0.4, 1.0))
        spoilt = _NUMBER.sub(lambda n: rng.choice(put) if rng.random() < share else n[0], text)  # noqa: B023
        made = audit_text(spoilt)
        assert all(b.ratio == b.ratio for b in made.between)
