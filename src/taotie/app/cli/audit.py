"""`taotie audit` and `taotie check`: published numbers recomputed, a whole article or one statement at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from taotie.app.cli.common import CHECK_FAILED, Json, console, print_json
from taotie.words.language import _


def _claims_files() -> list[str]:
    from taotie.audit.claims_file import shipped

    return ["article", *shipped()]


def _verdicts() -> list[str]:
    from taotie.audit.verdict import VERDICTS

    return list(VERDICTS)


def _print_audit(audit: Any, by_ratio: bool) -> None:
    from rich.table import Table

    from taotie.audit.article import needed_text
    from taotie.audit.wording import MARKS, decided_word, system_word, verdict_word

    out = console()
    if audit.article.title:
        out.print(
            f"{audit.article.outlet}, {audit.article.title} ({audit.article.date})", markup=False
        )
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in (
        _("verdict"),
        _("decided"),
        _("claim"),
        _("stated"),
        _("recomputed"),
        _("subject"),
    ):
        table.add_column(name, overflow="fold")
    results = list(audit.results)
    if by_ratio:
        results.sort(key=_distance, reverse=True)
    for r in results:
        table.add_row(
            f"{MARKS[r.verdict]} {verdict_word(r.verdict)}",
            decided_word(r.claim.decided_by),
            r.claim.id,
            r.stated_text,
            r.recomputed_text,
            system_word(r.claim.system),
        )
    if not out.is_terminal:
        out.width = 160
    out.print(table)
    wrong = [r for r in results if r.verdict == "unit error" or r.would_need]
    for r in wrong:
        out.print(f"\n{r.claim.id}: {r.why}", markup=False)
        if r.would_need:
            out.print(f"  {needed_text(r)}", markup=False)
    out.print("")
    for verdict, n in audit.counts.items():
        if n:
            out.print(f"{n:5d}  {MARKS[verdict]} {verdict_word(verdict)}", markup=False)
    marks = audit.access_counts
    out.print(
        _("{total} claims; inputs: {read} read, {quoted} quoted, {memory} from memory").format(
            total=len(results), **marks
        )
    )


def _changes(texts: list[str]) -> dict[str, str]:
    """`claim.input=value` as a mapping."""
    from taotie.audit.claim import ClaimError

    made: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or "." not in key or not value.strip():
            raise ClaimError(
                _("--set {text} is not claim.input=value.").format(text=repr(text)),
                _("such as --set 'phone-100.per_charge=12 Wh/charge'"),
            )
        made[key.strip()] = value.strip()
    return made


def _distance(result: Any) -> float:
    """How far stated and recomputed are apart, on a logarithmic scale; another dimension first."""
    import math

    if result.finding is not None and result.finding.rule == "dimension":
        return math.inf
    ratio = result.ratio
    if ratio is None or ratio <= 0 or not math.isfinite(ratio):
        return -1.0
    return abs(math.log(ratio))


def register(app: typer.Typer) -> None:
    """Add the two commands."""

    @app.command(help=_("Recompute every number of an article, or of a claims file of yours."))
    def audit(
        claims: Annotated[
            str,
            typer.Argument(
                help=_("A claims file, or the name of a shipped one."), autocompletion=_claims_files
            ),
        ] = "article",
        html: Annotated[
            Path | None, typer.Option("--html", help=_("Write the audit as a page to this file."))
        ] = None,
        system: Annotated[
            str, typer.Option("--system", help=_("Only claims about this, such as chat or grid."))
        ] = "",
        verdict: Annotated[
            str,
            typer.Option(
                "--verdict", help=_("Only claims with this verdict."), autocompletion=_verdicts
            ),
        ] = "",
        decided_by: Annotated[
            str, typer.Option("--decided-by", help=_("Only computed, or only documented claims."))
        ] = "",
        changes: Annotated[
            list[str] | None,
            typer.Option(
                "--set",
                help=_(
                    "Another value for an input: claim.input=value, such as 'phone-100.per_charge=12 Wh/charge'."
                ),
            ),
        ] = None,
        by_ratio: Annotated[
            bool,
            typer.Option("--by-ratio", help=_("Furthest off first, not in the article's order.")),
        ] = False,
        exit_zero: Annotated[
            bool, typer.Option("--exit-zero", help=_("Exit with 0 whatever the verdicts are."))
        ] = False,
        as_json: Json = False,
    ) -> None:
        from taotie.audit.article import audit_claims
        from taotie.audit.claims_file import read_claims
        from taotie.audit.verdict import HARMLESS
        from taotie.audit.what_if import with_inputs

        article = with_inputs(read_claims(claims), _changes(changes or []))
        made = audit_claims(article).only(
            system=system or None, verdict=verdict or None, decided_by=decided_by or None
        )
        if html is not None:
            from taotie.app.pages.audit_page import write_audit_page

            write_audit_page(made, html)
        if as_json:
            print_json(made.to_json())
        else:
            _print_audit(made, by_ratio)
            if html is not None:
                console().print(_("page: {path}").format(path=html), markup=False)
        if not exit_zero and any(r.verdict not in HARMLESS for r in made.results):
            raise typer.Exit(CHECK_FAILED)

    @app.command(help=_("Check one statement against the inputs it should follow from."))
    def check(
        says: Annotated[
            str, typer.Option("--says", help=_("What is said, such as '42 MWh' or a sentence."))
        ],
        given: Annotated[
            str,
            typer.Option(
                "--from", help=_("The inputs as a formula, such as '100000 * 700 W * 0.61'.")
            ),
        ] = "",
        per: Annotated[
            str,
            typer.Option(
                "--per", help=_("What the source prints it per, such as '1000 inference'.")
            ),
        ] = "",
        source_range: Annotated[
            str,
            typer.Option(
                "--source-range",
                help=_("What the source gives: a range, or 'at most 2.9 Wh/request'."),
            ),
        ] = "",
        exit_zero: Annotated[
            bool, typer.Option("--exit-zero", help=_("Exit with 0 whatever the verdict is."))
        ] = False,
        as_json: Json = False,
    ) -> None:
        from taotie.audit.check import check as check_statement

        made = check_statement(says, given, per=per, source_range=source_range)
        if as_json:
            print_json(made.to_json())
        else:
            console().print(made.text(), markup=False)
        if not exit_zero and not made.is_fine:
            raise typer.Exit(CHECK_FAILED)
