"""What do pages and pictures of a supply take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from taotie.grid.supply.technology import technology_name
from taotie.words.language import N_, in_language, language

__all__ = ["flow_word", "supply_word", "technology_name"]

FLOWS = {
    "load": N_("load"), "grid": N_("from the grid"), "sold": N_("sold to the grid"), "curtailed": N_("curtailed"),
    "lost_in_stores": N_("lost in stores"),
}  # fmt: skip


def flow_word(key: str) -> str:
    """Words for a technology, or for a flow of it, in the language in force."""
    name = key.removesuffix("_mwh")
    for ending, words in (("_charging", N_("{store}, charging")), ("_discharging", N_("{store}, discharging"))):  # fmt: skip
        if name.endswith(ending):
            return in_language(words, language()).format(store=technology_name(name.removesuffix(ending)))  # fmt: skip
    return in_language(FLOWS[name], language()) if name in FLOWS else technology_name(name)


SUPPLIES = {"grid": N_("the grid alone"), "annual": N_("matched over the year"), "hourly": N_("matched by the hour")}  # fmt: skip


def supply_word(key: str) -> str:
    """Words for a way of supplying, in the language in force; a score stays a number."""
    return in_language(SUPPLIES[key], language()) if key in SUPPLIES else key
