"""What must be reported of this result? A form's fields, each with value, range, boundary and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import answers_with
from taotie.answer.made import computed
from taotie.errors import DataError
from taotie.files.read import read_json
from taotie.policy.disclosure.facts import Facts, given_fact, read_facts
from taotie.policy.disclosure.form import Disclosure, status_word
from taotie.policy.disclosure.forms import FORMS, filled
from taotie.quantity.boundary import check
from taotie.words.language import N_, _, in_language, language
from taotie.words.reasons import reason
from taotie.words.said import Said

__all__ = ["disclose"]


@answers_with("disclose")
def disclose(
    form: str,
    sources: Sequence[str | Path] = (),
    *,
    given: Sequence[str] = (),
    boundary: str | None = None,
    recipient: str = "",
    supersedes: str | Path | None = None,
    passthrough: str | Path | None = None,
    leaderboard: str | Path | None = None,
    band: str = "range",
    unofficial: bool = False,
) -> Answer:
    """A form filled from results and meters.

    Parameters
    ----------
    form : str
        See `taotie.policy.disclosure.forms.FORMS`.
    sources : sequence of path
        `result.json`, the JSON of an answer, a JSON of facts, or a meter's CSV.
    given : sequence of str
        Facts such as ``training_compute=3.14e23 FLOP``; they go over those of the files.
    boundary : str, optional
        Where it was measured, for what does not say.
    recipient : str
        AIO or NCA, for the Model Documentation Form.
    supersedes : path, optional
        The version before: its hash is kept and linked.
    passthrough : path, optional
        JSON of sections that are not ours; passed on as they are.
    leaderboard : path, optional
        CSV of the rating.

    Raises
    ------
    TaotieError
        In one sentence; nothing is half-written.
    """
    check(boundary)
    facts = Facts()
    for path in sources:
        for fact in read_facts(Path(path), boundary):
            facts.add(fact)
    stated = Facts()
    for text in given:
        stated.add(given_fact(text, boundary if _is_energy(text) else None))
    for fact in stated.known.values():
        facts.add(fact, over=True)
    before = _before(Path(supersedes), form) if supersedes is not None else ""
    options: dict[str, Any] = {
        "boundary": boundary, "recipient": recipient, "supersedes": before, "leaderboard": leaderboard, "band": band,
        "unofficial": unofficial, "passthrough": _passthrough(passthrough),
    }  # fmt: skip
    made = filled(form, facts, options)
    unused = [
        f.key for f in facts.known.values() if f.origin == "--set" and f.key not in facts.asked
    ]
    said = list(made.said)
    for key in unused:
        said.append(
            Said("not_asked", N_("{form} has no use for {key}"), {"form": form, "key": key})
        )
    if made.missing:
        said.append(Said("missing", N_("{n} fields are missing and listed; none was filled in"), {"n": len({m["field"] for m in made.missing})}))  # fmt: skip
    return Answer(
        ask="disclose",
        settings={
            "form": form, "files": [Path(p).name for p in sources], "given": list(given), "boundary": boundary, "recipient": recipient,
        },
        tables={"fields": _table(made)},
        said=tuple(said),
        limits=(
            Said("not_compliance", N_("These are the fields of a form, not a statement that a law is complied with.")),
        ),
        figures={
            "fields_filled": computed("disclose.filled", float(_filled(made)), "1", N_("fields filled"), made.form, kind="defined"),
        },
        own=made.to_dict(),
        detail=made,
    )  # fmt: skip


def _filled(made: Disclosure) -> int:
    """Fields that hold something; of the others the form says what is missing."""
    lacking = {m["field"] for m in made.missing}
    return sum(key not in lacking for key in made.to_dict()["fields"])


_ENERGY = ("energy", "electricity", "EDC", "EIT", "power")


def _is_energy(text: str) -> bool:
    key = text.partition("=")[0]
    return any(word in key for word in _ENERGY)


def _before(path: Path, form: str) -> str:
    """Hash of the version before, which must be of the same form."""
    try:
        content = read_json(path)
        found = str(content["sha256"])
        other = str(content["form"])
    except (KeyError, TypeError) as error:
        raise DataError(
            _("{path} is no earlier version of a form: {why}.").format(path=path, why=reason(error)[:80]),
            _("give the JSON that `taotie disclose` wrote"),
        ) from None  # fmt: skip
    if other != form:
        raise DataError(_("{path} is a {other}, not a {form}.").format(path=path, other=other, form=form))  # fmt: skip
    return found


def _passthrough(path: str | Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    content = read_json(path)
    if not isinstance(content, dict):
        raise DataError(
            _("{path} is not JSON: {what}.").format(path=path, what=_("a table is needed"))
        )
    return content


def _label(labels: Mapping[str, str], key: str) -> str:
    """The label of a field in the language in force."""
    return in_language(labels[key], language()) if key in labels else key


def _table(made: Disclosure) -> Table:
    columns = (
        Column("field", "", N_("field"), partial(_label, {f.key: f.label for f in made.fields})), Column("text", "", N_("text of the form")), Column("status", "", N_("status"), status_word),
        Column("missing", "", N_("missing")),
    )  # fmt: skip
    rows = tuple(
        (f.key, f.text, f.status, "; ".join(in_language(m, language()) for m in f.missing)) for f in made.fields
    )  # fmt: skip
    return Table(columns, rows, N_("Fields"))


KNOWN = tuple(FORMS)
