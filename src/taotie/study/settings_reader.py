"""Which settings do forms, labels, taxes, rules, checks, audits and the tables of models and chips take?"""

from __future__ import annotations

from taotie.study.setting import Setting
from taotie.words.language import N_

__all__ = ["READER"]

_SEED = Setting("seed", "whole", N_("Seed of the samples."), low=0, high=2**63 - 1, default=0)
_SAMPLES = Setting(
    "samples",
    "whole",
    N_("Number of samples of each figure."),
    low=100,
    high=2_000_000,
    default=10_000,
)
_STYLE = Setting(
    "cite",
    "text",
    N_("Style of the citation: bibtex, csl or text."),
    default="text",
    choices=("text", "bibtex", "csl"),
)

READER: dict[str, tuple[Setting, ...]] = {
    "disclose": (
        Setting("form", "text", N_("mdf, dc2024, sci, sci-ai, scope2, rating, boamps, cyclonedx, spdx or esrs."), first=True, required=True, choices=("mdf", "dc2024", "sci", "sci-ai", "scope2", "rating", "boamps", "cyclonedx", "spdx", "esrs")),
        Setting("sources", "files", N_("result.json, the --json of a command, a JSON of facts, or a meter's CSV; may be given again."), default=(), options=("--source", "-s")),
        Setting("given", "texts", N_('A fact, such as "EDC=12 GWh @facility"; may be given again.'), default=(), options=("--set",)),
        Setting("boundary", "text", N_("Where it was measured: accelerator, server, facility or grid."), choices=("accelerator", "server", "facility", "grid")),
        Setting("recipient", "text", N_("Whose copy: AIO or NCA (mdf)."), default="", options=("--for",)),
        Setting("supersedes", "file", N_("JSON of the version before; kept and linked.")),
        Setting("passthrough", "file", N_("JSON of the sections that are not ours (mdf).")),
        Setting("leaderboard", "file", N_("CSV with wh_per_1000_queries and date (rating).")),
        Setting("band", "choice", N_("range or rank (rating)."), default="range", choices=("range", "rank")),
        Setting("unofficial", "flag", N_("Stars off the reference hardware, marked as such (rating)."), default=False),
    ),
    "label": (
        Setting("region", "text", N_("Whose grid, such as USA or PJM."), default="WORLD", reason=N_("no place is given: the world's average generation")),
        _SEED,
        _SAMPLES,
    ),
    "check-label": (
        Setting("file", "file", N_("The label, a JSON file."), first=True, required=True, python="path"),
    ),
    "tax": (
        Setting("energy", "number", N_('Electricity of a tax year, such as "100 GWh".'), "MWh", 0, required=True, unit_needed=True),
        Setting("price", "number", N_('Its price, such as "60 USD/MWh".'), "USD/MWh", 0, default=60.0, reason=N_("a round price of industrial power")),
        Setting("year", "whole", N_("Calendar year in which the tax year begins."), default=2024),
        Setting("until", "whole", N_("And up to this year.")),
        Setting("apply_to", "text", N_("mining, or ai as a counterfactual."), default="mining", choices=("mining", "ai")),
        Setting("price_kind", "text", N_("purchase, lease or estimated."), default="purchase", choices=("purchase", "lease", "estimated")),
        Setting("off_grid", "flag", N_("Self-produced electricity: its cost is estimated."), default=False),
    ),
    "rules": (
        Setting("mw", "number", N_("Size of the load, MW."), "MW", required=True),
        Setting("place", "text", N_("us, ercot, pjm, spp, ireland, netherlands, germany, eu or china."), required=True),
    ),
    "models": (
        Setting("model", "text", N_("A name, a config.json or its folder, or a size such as 7B."), default="", first=True, may_be_file=True, known="taotie.compute.energy.model_architecture.model_architectures"),
    ),
    "chips": (
        Setting("chip", "text", N_("Name of an accelerator."), default="", first=True, known="taotie.hardware.accelerator.accelerators"),
    ),
    "regions": (
        Setting("region", "text", N_("Name of a country, state, province, grid or cloud region."), default="", first=True, known="taotie.grid.region_names.place_keys"),
    ),
    "check": (
        Setting("says", "text", N_("What is said, such as '42 MWh' or a sentence."), default="", first=True, options=("--says", "--statement")),
        Setting("given", "text", N_("The inputs as a formula, such as '100000 * 700 W * 0.61'."), default="", options=("--from",)),
        Setting("per", "text", N_("What the source prints it per, such as '1000 inference'."), default=""),
        Setting("source_range", "text", N_("What the source gives: a range, or 'at most 2.9 Wh/request'."), default=""),
        _STYLE,
    ),
    "audit": (
        Setting("claims", "text", N_("An article (.txt, .html, .md, - for a pipe), a claims file, or the name of a shipped one."), default="article", first=True, may_be_file=True, known="taotie.answer.audit.claims_known"),
        Setting("system", "text", N_("Only claims about this, such as chat or grid."), default=""),
        Setting("verdict", "text", N_("Only claims with this verdict."), default="", known="taotie.answer.audit.verdicts"),
        Setting("decided_by", "text", N_("Only computed, or only documented claims."), default=""),
        Setting("changes", "texts", N_("Another value for an input: claim.input=value, such as 'phone-100.per_charge=12 Wh/charge'."), default=(), options=("--set",)),
        Setting("by_ratio", "flag", N_("Furthest off first, not in the article's order."), default=False),
        _STYLE.but(help=N_("Style of the citations: bibtex, csl or text.")),
    ),
}  # fmt: skip
"""Settings by question."""
