"""What do the requests of many people take in a year? The ask behind the first page. [GWh/a, MW, t/a]

One request, times people, times requests a day, times days: the energy at the building's meter, its mean draw, its
emissions on a region's average power, and the share of a country's or state's electricity.
"""

from __future__ import annotations

from taotie.answer.answer import Answer
from taotie.answer.asking import Chosen, answers
from taotie.errors import UnknownNameError
from taotie.fleet.comparison import Equivalent, equivalents
from taotie.fleet.nation import country, preferred_denominator, share_of, states
from taotie.grid.emissions import BASES, intensity
from taotie.quantity.figure import exact
from taotie.words.language import LANGUAGES, N_, in_language, speaking
from taotie.words.said import Said, in_each_language, joined

__all__ = ["KINDS", "SHARED", "crowd", "electricity_of"]

SHARED = (
    "model", "tokens_in", "tokens_out", "on", "batch", "precision", "runtime", "pue", "software_date",
    "data_parallel", "expert_parallel", "prefill_on", "draft", "draft_model", "acceptance", "prefix_hit",
)  # fmt: skip
"""Settings of one request, which `prompt` takes too."""

TOKENS_PER_WORD = 4.0 / 3.0
"""Of English text, as the publishers of tokenizers count; Chinese takes about one token a character."""

KINDS: dict[str, tuple[float, str]] = {
    "question": (500.0, N_("a question: an answer of 500 tokens, about 375 words")),
    "search": (150.0, N_("a question as to a search engine: an answer of 150 tokens")),
    "summary": (250.0, N_("a text to summarise: 250 tokens")),
    "letter": (400.0, N_("a letter to write: 400 tokens")),
    "program": (1500.0, N_("a program to write: 1500 tokens")),
    "reasoning": (5000.0, N_("a hard problem, thought through: 5000 tokens")),
}
"""Kinds of request: tokens of the answer, assumed, and the words of that assumption."""

STATE_OF = {"US-ERCT": "TX", "ERCOT": "TX", "US-CAMX": "CA", "CAISO": "CA", "US-FRCC": "FL"}
"""Grids that are (nearly) one state, whose generation is held."""


def electricity_of(region: str) -> str | None:
    """Key of the country or state whose electricity a region is held against; None where none is held.

    Examples
    --------
    >>> electricity_of("US-ERCT"), electricity_of("US-VA"), electricity_of("PJM"), electricity_of("SWE")
    ('TX', 'VA', 'united_states', 'sweden')
    >>> electricity_of("USA"), electricity_of("US-MISO")
    ('united_states', 'united_states')
    """
    if region in STATE_OF:
        return STATE_OF[region]
    if region.startswith("US-") and region[3:] in states():
        return region[3:]
    if region.startswith("US-") or region in ("USA", "PJM"):
        return "united_states"
    with speaking("en"):
        name = intensity(region).name
    try:
        return country(name).key
    except UnknownNameError:
        return None


@answers("crowd")
def crowd(chosen: Chosen) -> Answer:
    """Energy, mean draw, emissions and share of a region's electricity of everybody's requests.

    Raises
    ------
    UnknownNameError, RangeError
        As of `prompt`; or if the region is not known.

    Examples
    --------
    Ten people who ask once a day take ten times what one takes:

    >>> ten, one = (crowd(people=n, tokens_out=100).figures["energy"].p50 for n in (10, 1))
    >>> round(ten / one, 9)
    10.0
    >>> crowd(words=75, kind="search").detail.settings["tokens_in"]
    100.0
    """
    from taotie.answer.prompt import prompt

    given = {key: chosen.values[key] for key in SHARED if key in chosen.given}
    told: list[Said] = []
    if chosen.words is not None and "tokens_in" not in given:
        given["tokens_in"] = chosen.words * TOKENS_PER_WORD
        told.append(
            Said("words", N_("{words} words are taken as {tokens} tokens, four for three words of English"), {"words": f"{chosen.words:g}", "tokens": f"{given['tokens_in']:.4g}"})
        )  # fmt: skip
    if chosen.kind is not None and "tokens_out" not in given:
        given["tokens_out"], why = KINDS[chosen.kind]
        told.append(Said("kind", N_("assumed: {kind}"), {"kind": Said(chosen.kind, why)}))
    of_one = prompt(
        **given,
        samples=chosen.samples, seed=chosen.seed,
    )  # fmt: skip
    request = of_one.figures["energy_per_request"]
    grid = intensity(chosen.region)
    requests = exact(
        chosen.people * chosen.per_person * chosen.days, "request/a", "crowd.requests",
        label={"en": "Requests of a year", "zh": "一年的请求数"},
    )  # fmt: skip
    figures = {
        "energy_per_request": request,
        "energy": (request * requests).to("GWh/a").named(
            "energy", en="Energy of a year", zh="一年的能量"
        ),
    }  # fmt: skip
    energy = figures["energy"]
    hours = exact(8760.0, "h/a", "hours_per_year")
    figures["power"] = (energy / hours).to("MW").named(
        "power", en="Mean draw over the year", zh="全年平均功率"
    )  # fmt: skip
    figures["emissions"] = (energy * grid.average).to("tCO2e/a").named(
        "emissions", en="Emissions of a year, average power", zh="一年的排放（平均电力）"
    )  # fmt: skip
    said = [
        *told,
        Said(
            "grid_basis",
            N_("grid: {name}, {year}, {basis}"),
            {"name": Said("region", "", {}, _names(chosen.region)), "basis": _basis(grid.average_basis), "year": grid.year},
        )
    ]  # fmt: skip
    like = equivalents(request)[:3]
    if like:
        said.append(
            Said("alike", N_("One request takes as much as {things}."), {"things": joined([Said(e.key, "", {}, _alike(e)) for e in like], " or ", "或")})
        )  # fmt: skip
    place = electricity_of(grid.region)
    own = {"region": grid.region, "place": place, "of": None}
    if place is None:
        said.append(
            Said("no_electricity", N_("No electricity of {name} is held, so no share is given."), {"name": Said("region", "", {}, _names(chosen.region))})
        )  # fmt: skip
    else:
        own["of"] = preferred_denominator(place)
        share = share_of(energy.to("TWh/a"), place, str(own["of"])).share.to("%")
        figures["share"] = share.named(
            "share", en="Share of the region's electricity", zh="占该地区电量的份额"
        )
    return Answer(
        "crowd",
        chosen.values,
        figures,
        said=(*said, *of_one.said),
        own=own,
        show=("energy", "power", "emissions", "share"),
        detail=of_one,
    )


def _alike(one: Equivalent) -> dict[str, str]:
    return in_each_language(lambda: str(one))


def _basis(basis: str) -> Said:
    return Said("basis", BASES[basis])


def _names(region: str) -> dict[str, str]:
    names = {}
    for code in LANGUAGES:
        with speaking(code):
            names[code] = in_language(intensity(region).name, code)
    return names
