"""`taotie audit`: the numbers of an article or of a claims file, recomputed and held against the catalogue."""

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


def _is_text(claims: str) -> bool:
    from taotie.audit.article_text import SUFFIXES

    return claims == "-" or claims.lower().endswith(SUFFIXES)


def _audit_text(
    path: str, html: Path | None, draft: Path | None, cite: str, as_json: bool, exit_zero: bool
) -> None:
    """An article as text: every number, the most wrong first."""
    from taotie.answer.check import audit_article, citation_style
    from taotie.audit.verdict import INCONSISTENT, UNIT_ERROR
    from taotie.files.atomic import write_text

    citation_style(cite)
    answer = audit_article(path)
    made = answer.detail
    if draft is not None:
        write_text(draft, made.draft())
        answer = answer.with_files(str(draft))
    if html is not None:
        from taotie.app.pages.article_page import article_page

        write_text(html, article_page(made))
        answer = answer.with_files(str(html))
    if as_json:
        print_json(answer.to_dict())
    else:
        _print_text(made, answer, cite)
    if not exit_zero and any(c.verdict in (INCONSISTENT, UNIT_ERROR) for c in made.claims):
        raise typer.Exit(CHECK_FAILED)


def _print_text(made: Any, answer: Any, cite: str) -> None:
    from taotie.audit.against import match_line
    from taotie.audit.cite import citation
    from taotie.audit.wording import MARKS, verdict_word
    from taotie.quantity.catalog import source

    out = console()
    for c in made.by_fault:
        text = " ".join(made.reading.to_json(c.quantity)["text"].split())
        out.print(f"{MARKS[c.verdict]} {verdict_word(c.verdict)}   {text}", markup=False)
        if c.best is not None:
            out.print(f"    {match_line(c.best)}", markup=False)
            if cite != "text":
                out.print(citation(source(c.best.entry.source), cite), markup=False)
    for b in made.between:
        parts = " × ".join(" ".join(q.text.split()) for q in b.parts)
        out.print(
            _("{mark} {parts} against {whole}: {ratio:.3g} times").format(
                mark=MARKS[b.verdict],
                parts=parts,
                whole=" ".join(b.whole.text.split()),
                ratio=b.ratio,
            ),
            markup=False,
        )
    out.print(
        _("{n} numbers with a unit, {m} without one or not understood").format(
            n=len(made.claims), m=len(made.unread)
        )
    )
    for one in answer.said:
        out.print(one.text(), markup=False)


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
    """Add the command."""

    @app.command(help=_("Recompute every number of an article, or of a claims file of yours."))
    def audit(
        claims: Annotated[
            str,
            typer.Argument(
                help=_(
                    "An article (.txt, .html, .md, - for a pipe), a claims file, or the name of a shipped one."
                ),
                autocompletion=_claims_files,
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
        draft: Annotated[
            Path | None,
            typer.Option("--draft", help=_("Of a text: write a claims file to start from.")),
        ] = None,
        cite: Annotated[
            str, typer.Option("--cite", help=_("Style of the citations: bibtex, csl or text."))
        ] = "text",
        as_json: Json = False,
    ) -> None:
        if _is_text(claims):
            _audit_text(claims, html, draft, cite, as_json, exit_zero)
            return
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
