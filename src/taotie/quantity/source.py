"""Who says so? Where a figure comes from, and whether anyone has opened that page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Any

from taotie.errors import SourceError
from taotie.quantity.frozen import Frozen
from taotie.words.language import _
from taotie.words.listing import listing

ACCESS = ("read", "quoted", "memory")
KINDS = ("measured", "modelled", "estimated", "forecast", "assumed", "defined")
BOUNDS = ("at_most", "at_least", "mean", "median", "central", "measured", "forecast")

# names that the field knows by their letters
_SHORT = {
    "International Energy Agency": "IEA",
    "Electric Power Research Institute": "EPRI",
    "Lawrence Berkeley National Laboratory": "LBNL",
    "Cambridge Centre for Alternative Finance": "CCAF",
    "BloombergNEF": "BNEF",
    "Boston Consulting Group": "BCG",
    "McKinsey & Company": "McKinsey",
    "North American Electric Reliability Corporation": "NERC",
    "Federal Energy Regulatory Commission": "FERC",
    "U.S. Energy Information Administration": "EIA",
    "US Energy Information Administration": "EIA",
    "U.S. Environmental Protection Agency": "EPA",
    "US Department of Energy": "DOE",
    "Goldman Sachs Research": "Goldman Sachs",
}


@dataclass(frozen=True)
class Source:
    """A publication, data sheet or data set.

    `access` is "read" only if someone has opened it; "quoted" if the value was seen in a text that
    quotes it; "memory" if it still has to be looked up.
    """

    key: str
    title: str
    author: str = ""
    where: str = ""
    doi: str = ""
    arxiv: str = ""
    url: str = ""
    date: str = ""
    access: str = "memory"
    read_on: str = ""
    licence: str = ""
    note: str = ""

    @property
    def citation(self) -> str:
        """One line, as in a list of references."""
        link = f"doi:{self.doi}" if self.doi else f"arXiv:{self.arxiv}" if self.arxiv else self.url
        parts = [self.author, self.title, self.where, self.date, link]
        return ", ".join(p for p in parts if p)

    @property
    def publisher(self) -> str:
        """Who is named on a chart: the institution, short where it has a short name; else the first author.

        Examples
        --------
        >>> Source("a", "Environmental impact", "C. Elsworth et al. (Google)", date="2025").publisher
        'Google'
        >>> Source("b", "The growing energy footprint", "A. de Vries", date="2023").publisher
        'A. de Vries'
        """
        inside = re.search(r"\(([^()]+)\)", self.author)
        name = inside.group(1) if inside else self.author
        for separator in (",", " et al", "、"):
            name = name.partition(separator)[0]
        name = name.strip()
        return _SHORT.get(name, name)

    def to_dict(self) -> dict[str, str]:
        """Plain values without the empty ones; they do not change."""
        return self._plain

    @cached_property
    def _plain(self) -> Frozen:
        return Frozen({f.name: v for f in fields(self) if (v := getattr(self, f.name))})


def source_from(key: str, values: Mapping[str, Any], where: str) -> Source:
    """A source from the `[source]` table of a file.

    Raises
    ------
    SourceError
        If a field is missing, unknown or not one of the allowed words.
    """
    known = {f.name for f in fields(Source)} - {"key"}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SourceError(
            _("{where}: [source] has the unknown field {name}.").format(
                where=where, name=unknown[0]
            ),
            _("known: {names}").format(names=listing(sorted(known))),
        )
    text = {k: v.isoformat() if isinstance(v, date) else str(v) for k, v in values.items()}
    if not text.get("title"):
        raise SourceError(_("{where}: [source] has no title.").format(where=where))
    if text.get("access") not in ACCESS:
        raise SourceError(
            _("{where}: access={value} is not one of read, quoted, memory.").format(
                where=where, value=repr(text.get("access"))
            ),
            _("read means: someone has opened it"),
        )
    return Source(key=key, **text)
