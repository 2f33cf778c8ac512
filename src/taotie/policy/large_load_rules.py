"""Which rules concern a large load of this size at this place? Dated entries, each with its status and how it was come by.

What is a draft or a proposal is never shown as law; what is not known is said. Rows of the table `large_load_rules`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.quantity.catalog import table
from taotie.words.language import N_, _, in_language, language

__all__ = [
    "PLACES",
    "STATUS",
    "LargeLoadRule",
    "large_load_rules",
    "place_word",
    "rules_for",
    "status_word",
]

PLACES = ("us", "ercot", "pjm", "spp", "ireland", "netherlands", "germany", "eu", "china")
WITHIN = {
    "ercot": ("us",),
    "pjm": ("us",),
    "spp": ("us",),
    "ireland": ("eu",),
    "netherlands": ("eu",),
    "germany": ("eu",),
}
"""Places inside others, whose rules hold too; ERCOT lies in the US, but outside most of FERC's reach."""
ALIASES = {"texas": "ercot", "usa": "us", "united_states": "us", "ie": "ireland", "nl": "netherlands", "de": "germany", "cn": "china", "prc": "china"}  # fmt: skip
STATUS = {
    "in_force": N_("in force"), "decided": N_("decided, not yet in force"), "draft": N_("draft"), "proposed": N_("proposed"),
    "superseded": N_("replaced"), "unknown": N_("status unknown"),
}  # fmt: skip
"""How a rule stands, with the words for it."""
NAMES = {
    "us": N_("the United States"), "ercot": "ERCOT", "pjm": "PJM", "spp": "SPP", "ireland": N_("Ireland"), "netherlands": N_("the Netherlands"),
    "germany": N_("Germany"), "eu": N_("the European Union"), "china": N_("China"),
}  # fmt: skip
"""Words for the places."""


@dataclass(frozen=True)
class LargeLoadRule:
    """One entry.

    Attributes
    ----------
    from_mw : float or None
        From which size it concerns a load; None if that is not known. [MW]
    status : str
        in_force, decided (adopted, not yet in force), draft, proposed, superseded (no longer in force) or unknown.
    date : str
        Of the rule or of the step it stands at.
    access : str
        read, quoted or memory: how we came by it.
    """

    key: str
    place: str
    from_mw: float | None
    status: str
    date: str
    access: str
    source: str

    @property
    def title(self) -> str:
        """In the language in force."""
        return str(table("large_load_rules").value(self.key, f"title_{language()}"))

    @property
    def text(self) -> str:
        """What it asks, in the language in force."""
        return str(table("large_load_rules").value(self.key, f"text_{language()}"))


def large_load_rules() -> list[LargeLoadRule]:
    """Every entry.

    Examples
    --------
    >>> all(rule.status in STATUS and rule.place in PLACES for rule in large_load_rules())
    True
    """
    cells = table("large_load_rules")
    found = []
    for key in cells.items():
        mw = cells.value(key, "from_mw")
        row = cells.cell(key, "text_en")
        assert row is not None
        found.append(
            LargeLoadRule(
                key, str(cells.value(key, "place")), None if mw is None else float(mw), str(cells.value(key, "status")),
                str(cells.value(key, "date")), row["access"], row["source"],
            )
        )  # fmt: skip
    return found


def status_word(status: str) -> str:
    """How a rule stands, in the language in force.

    Examples
    --------
    >>> status_word("in_force")
    'in force'
    """
    return in_language(STATUS[status], language()) if status in STATUS else status


def place_word(place: str) -> str:
    """A place of `PLACES`, or a usual name of one, in the language in force.

    Examples
    --------
    >>> place_word("nl"), place_word("ercot")
    ('the Netherlands', 'ERCOT')
    """
    name = _place(place)
    return in_language(NAMES[name], language()) if name in NAMES else place


def _place(text: str) -> str:
    name = text.strip().lower().replace("-", "_").replace(" ", "_")
    return ALIASES.get(name, name)


def rules_for(mw: float, place: str) -> tuple[list[LargeLoadRule], list[LargeLoadRule]]:
    """Entries for a size and a place.

    Parameters
    ----------
    mw : float
        [MW]
    place : str
        One of `PLACES`, or a usual name of one.

    Returns
    -------
    concerned, smaller : list of LargeLoadRule
        Those that concern a load of this size or whose threshold is not known, and those from a larger size on.

    Raises
    ------
    UnknownNameError
        If nothing is known of the place: that is no statement that it has no rules.
    RangeError
        If the size is none.
    """
    name = _place(place)
    if name not in PLACES:
        raise UnknownNameError(
            _("no rules for large loads in {place} are on file; that does not mean there are none.").format(place=repr(place)),
            nearest(name, PLACES),
        )  # fmt: skip
    if not mw > 0:
        raise RangeError(_("a load must be above 0 MW, not {mw:g} MW.").format(mw=mw), "--mw 100")
    places: Sequence[str] = (name, *WITHIN.get(name, ()))
    here = [r for r in large_load_rules() if r.place in places]
    concerned = [r for r in here if r.from_mw is None or mw >= r.from_mw]
    return concerned, [r for r in here if r not in concerned]
