"""Which fixed words stand on the page? All in one place, so that the catalogue of messages finds them."""

from __future__ import annotations

from taotie.words.language import _


def page_words() -> dict[str, str]:
    """Fixed words of the report in the language in force."""
    return {
        "about": _("How much electricity AI eats: one study, from prompt to grid"),
        "contents": _("Contents"),
        "key_figures": _("Key figures"),
        "range": _("90 % range"),
        "boundary": _("boundary"),
        "kind": _("kind"),
        "source": _("Source"),
        "method": _("Method"),
        "data": _("Data"),
        "the_data": _("The data behind it"),
        "more_rows": _("more rows are in the download"),
        "no_source": _("this study's own calculation"),
        "limits": _("What this method does not see"),
        "notes": _("Notes"),
        "warnings": _("Warnings"),
        "figures": _("All named figures"),
        "figures_lead": _(
            "In the order of the chain. The value is the median, the range holds 90 % of the samples; open a row for the"
            " formula and everything behind it."
        ),
        "figure": _("Figure"),
        "value": _("Value"),
        "unit": _("Unit"),
        "boundary_head": _("Boundary"),
        "kind_head": _("Kind"),
        "tree": _("How it follows"),
        "formula": _("Formula"),
        "compared": _("Published figures held against ours"),
        "published": _("Published"),
        "ours": _("This study"),
        "ratio": _("Published over ours"),
        "why": _("Why they differ"),
        "defaults": _("Defaults used"),
        "defaults_lead": _("The study did not give these; each was filled in with a stated value."),
        "no_defaults": _("None: the study gave every value."),
        "setting": _("Setting"),
        "used": _("Used"),
        "reason": _("Reason"),
        "files": _("Files read"),
        "no_files": _("None: the study uses built-in data only."),
        "file": _("File"),
        "size": _("Bytes"),
        "role": _("Role"),
        "licence": _("Licence"),
        "citation": _("Citation"),
        "sources": _("Sources"),
        "sources_lead": _(
            "✓ someone opened it; ❝ the value was seen in a text that quotes it; ? still to be looked up."
        ),
        "no_sources": _("None."),
        "accuracy": _("How far the energy model misses"),
        "accuracy_lead": _(
            "Each dot is one measured set-up of the ML.ENERGY Benchmark, predicted by a fit that has not seen its "
            "model family. Dashed: a factor of two."
        ),
        "accuracy_alt": _("Predicted against measured energy per token, on logarithmic axes"),
        "accuracy_method": _(
            "Accelerators alone, steady state. docs/concepts/accuracy.md has every cut; "
            "`taotie validate mlenergy FILE` repeats it on rows we have not seen."
        ),
        "again": _("Compute it again"),
        "audit": _("Published numbers, checked"),
        "again_lead": _(
            "The result file holds every figure with its tree. This recomputes each, bit for bit:"
        ),
        "again_seed": _(
            "Made by taotie {version}, seed {seed}, {n} samples of each uncertain input."
        ),
        "study": _("The study as it was read"),
        "absent": _("Not part of this study"),
        "quality": _("Quality"),
        "measured": _("measured"),
        "modelled": _("modelled"),
        "literature": _("literature or assumed"),
        "defined": _("defined"),
        "loading": _("Loading of a branch"),
        "no_script": _("Without JavaScript the charts are static; every number is in the tables."),
        "scroll": _("Table, scrolls sideways"),
        "cite": _("Cite as"),
    }
