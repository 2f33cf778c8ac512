"""What does a study file say? Read once, and all its problems reported together.

Each problem names file, table, key and value, and has a hint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from taotie.errors import DataError, StudyError, TaotieError, nearest
from taotie.files.read import read_toml, regular_file
from taotie.quantity import unit as units
from taotie.quantity.catalog import figure as catalogue_figure
from taotie.quantity.distribution import distribution_from
from taotie.quantity.figure import Figure, leaf
from taotie.quantity.quantity_text import unit_meant
from taotie.study.kinds import TOKENS
from taotie.study.schema import Compute, FigureSpec, Study, Workload
from taotie.study.settings import STUDY_FIGURES, STUDY_NAMES
from taotie.words.language import LANGUAGES, N_, _, in_language
from taotie.words.said import Said

STUDY_BYTES_MAX = 500_000


class StudyFile:
    """A study that has been read: its model, its figures, and where it stands.

    Attributes
    ----------
    study : Study
        The tables.
    path : Path
        The file.
    """

    def __init__(
        self, study: Study, path: Path, specs: Mapping[str, FigureSpec], part_of: str = ""
    ) -> None:
        self.study = study
        self.path = path
        self._specs = dict(specs)
        self._part = f"{part_of}." if part_of else ""

    def part(self, kind: str) -> StudyFile:
        """One kind of a mix as a study of its own: what the part says, on the machines of the study.

        Model, engine and accelerators of `[compute]` are those of language models: pictures, films and embeddings
        take those of their part.
        """
        part = self.study.workload.parts[kind]  # type: ignore[index]
        own = {name: getattr(part, name) for name in part.model_fields_set}
        own.pop("share")
        machines: dict[str, Any] = {n: own.pop(n) for n in ("model", "accelerators_per_replica", "batch_size") if n in own}  # fmt: skip
        if (
            self.study.workload.daily_shape is not None
            and kind in STUDY_NAMES["workload.daily_shape"]
        ):
            own.setdefault("daily_shape", self.study.workload.daily_shape)
        common = {
            name: getattr(self.study.compute, name)
            for name in self.study.compute.model_fields_set
            if kind in TOKENS or name in ("accelerator", "redundancy")
        }
        every: dict[str, Any] = {**common, **machines}
        compute = {
            name: value
            for name, value in every.items()
            if name in machines or kind in STUDY_NAMES.get(f"compute.{name}", (kind,))
        }
        study = self.study.model_copy(
            update={
                "workload": Workload.model_construct(
                    _fields_set={"kind", *own}, **{**own, "kind": kind}
                ),
                "compute": Compute.model_construct(_fields_set=set(compute), **compute),
            }
        )
        return StudyFile(study, self.path, _specs(study), kind)

    def given(self, key: str) -> Figure | None:
        """The figure a study gives for `table.key`, drawn with the sampling in force; None if left out."""
        spec = self._specs.get(key)
        return None if spec is None else self._figure(key, spec, ())

    def problems(self) -> Iterator[TaotieError]:
        """Everything wrong with the figures of the study, and keys that its kind of workload does not read."""
        yield from _idle_keys(self.path, self.study, self._part)
        yield from _idle_sea(self.path, self.study)
        if self.study.workload.kind == "mix":
            yield from _parts(self.path, self.study)
            for kind in self.study.workload.parts:
                yield from self.part(kind).problems()
        for key, spec in self._specs.items():
            try:
                made = self._figure(key, spec, ())
                _within_limits(self.path, key, made)
            except TaotieError as error:
                yield error

    def units_read(self) -> Iterator[Said]:
        """What a text that is a number without a unit, such as "300", was read as."""
        for key, spec in self._specs.items():
            expected = STUDY_FIGURES.get(key)
            if spec.unit != "" or spec.value is None or expected is None or expected.unit == "1":
                continue
            yield Said(
                "unit_read",
                N_('{key} = "{value}" has no unit: it was read as {value} {unit}.'),
                {"key": f"{self._part}{key}", "value": f"{spec.value:g}", "unit": expected.unit},
            )
        for kind in self.study.workload.parts or ():
            for said in self.part(kind).units_read():
                if str(said.values["key"]).startswith(f"{kind}.workload."):
                    yield said

    def _figure(self, key: str, spec: FigureSpec, above: tuple[str, ...]) -> Figure:
        table, _dot, name = key.rpartition(".")
        where = f"{self.path} [{_table_of(table, self._part)}]"
        expected = STUDY_FIGURES.get(key)
        if spec.figure is not None:
            return self._referenced(key, spec, above, where)
        numbers = {
            k: v
            for k in ("value", "low", "high", "mode", "spread")
            if (v := getattr(spec, k)) is not None
        }
        if expected is not None and expected.bounded and set(numbers) == {"low", "high"}:
            numbers["spread"] = "uniform"
        unit = spec.unit or (expected.unit if expected else None)
        if unit is None:
            raise StudyFigureError(
                where, name, _shown(spec), _("it has no unit"), _('add unit = "..."')
            )
        try:
            scale, unit = unit_meant(unit, expected.unit if expected else unit, expected.counted if expected else ())  # fmt: skip
            if scale != 1.0:
                numbers = {k: v if isinstance(v, str) else scale * v for k, v in numbers.items()}
            made = leaf(
                f"study.{self._part}{key}",
                unit=unit,
                kind="assumed",
                boundary=spec.boundary,
                distribution=distribution_from(numbers),
                note=spec.note or "given by the study file",
                label={
                    code: in_language(expected.label, code)
                    if expected is not None
                    else name.replace("_", " ")
                    for code in LANGUAGES
                },
            )
        except TaotieError as error:
            raise StudyFigureError(where, name, _shown(spec), error.message, error.hint) from None
        return made

    def _referenced(self, key: str, spec: FigureSpec, above: tuple[str, ...], where: str) -> Figure:
        name = key.rpartition(".")[2]
        target = str(spec.figure)
        if key in above:
            raise StudyFigureError(
                where,
                name,
                target,
                _("it leads back to itself: {path}").format(path=" -> ".join((*above, key))),
                _("let one of them give a value"),
            )
        extra = [k for k in ("value", "low", "high", "mode", "spread", "unit") if getattr(spec, k)]
        if extra:
            raise StudyFigureError(
                where,
                name,
                target,
                _("figure and {other} are both given").format(other=extra[0]),
                _("leave one of them out"),
            )
        if target.startswith("figures."):
            own = self._specs.get(target)
            if own is None:
                known = [k for k in self._specs if k.startswith("figures.")]
                raise StudyFigureError(
                    where, name, target, _("no such figure in [figures]"), nearest(target, known)
                )
            made = self._figure(target, own, (*above, key))
        else:
            try:
                made = catalogue_figure(target)
            except TaotieError as error:
                raise StudyFigureError(where, name, target, error.message, error.hint) from None
        expected = STUDY_FIGURES.get(key)
        if expected and not units.same_dimension(made.unit, expected.unit):
            raise StudyFigureError(
                where,
                name,
                target,
                _("it is in {unit}, not in {wanted}").format(unit=made.unit, wanted=expected.unit),
                "",
            )
        return made


class StudyFigureError(TaotieError, ValueError):
    """A figure of a study that cannot be."""

    def __init__(self, where: str, name: str, value: str, what: str, hint: str) -> None:
        super().__init__(
            _("{name}={value} in {where}: {what}").format(
                name=name, value=value, where=where, what=what
            ),
            hint,
        )


def _shown(spec: FigureSpec) -> str:
    numbers = spec.model_dump(exclude_none=True, exclude_defaults=True)
    if numbers.get("unit") == "":
        del numbers["unit"]
    if set(numbers) == {"value"}:
        return f"{numbers['value']:g}"
    return "{" + ", ".join(f"{k} = {v!r}" for k, v in numbers.items() if k != "note") + "}"


def _table_of(table: str, part: str) -> str:
    return f"{table}.parts.{part[:-1]}" if part and table == "workload" else table


def _idle_sea(path: Path, study: Study) -> Iterator[TaotieError]:
    """A sea that is given where no sea water cools."""
    given = study.facility
    for key in ("sea_temperature", "sea_swing"):
        if getattr(given, key) is not None and "sea" not in (given.cooling or ""):
            yield StudyFigureError(
                f"{path} [facility]",
                key,
                f"{getattr(given, key):g}",
                _("no sea water cools here."),
                'cooling = "sea-water"',
            )


def _parts(path: Path, study: Study) -> Iterator[TaotieError]:
    """What is wrong with the shares of a mix."""
    shares = {kind: part.share for kind, part in study.workload.parts.items()}
    if not shares:
        yield TaotieError(
            _("{file} [workload]: a mix has no parts.").format(file=path),
            "[workload.parts.chat] share = 0.8",
        )
    elif abs(sum(shares.values()) - 1.0) > 1e-6:
        whole = sum(shares.values())
        yield TaotieError(
            _("{file} [workload.parts]: the shares add up to {sum}, not to 1.").format(
                file=path, sum=f"{whole:.4g}"
            ),
            ", ".join(f"{kind} = {share / whole:.4g}" for kind, share in shares.items()),
        )


def _idle_keys(path: Path, study: Study, part: str = "") -> Iterator[TaotieError]:
    """Keys that are given and would change nothing, rather than left out unsaid."""
    kind = study.workload.kind
    kinds = {key: one.kinds for key, one in STUDY_FIGURES.items()} | STUDY_NAMES
    for table in ("workload", "compute"):
        model: BaseModel = getattr(study, table)
        for name in sorted(model.model_fields_set):
            wanted = kinds.get(f"{table}.{name}", ())
            if wanted and kind not in wanted:
                yield StudyFigureError(
                    f"{path} [{_table_of(table, part)}]",
                    name,
                    _shown_value(getattr(model, name)),
                    _("a study of kind {kind} does not read it.").format(kind=repr(kind)),
                    _("leave it out, or write kind = {kinds}").format(
                        kinds=_(" or ").join(f'"{k}"' for k in wanted)
                    ),
                )


def _shown_value(value: Any) -> str:
    return _shown(value) if isinstance(value, FigureSpec) else str(value)[:60]


def _within_limits(path: Path, key: str, made: Figure) -> None:
    expected = STUDY_FIGURES.get(key)
    if expected is None or made.distribution is None:
        return
    unit, low, high, subject = expected.unit, expected.low, expected.high, expected.hint
    table, _dot, name = key.rpartition(".")
    samples = made.to(unit).samples
    worst = float(samples.min()) if samples.min() < low else float(samples.max())
    if samples.min() >= low and samples.max() <= high:
        return
    shown = "" if unit == "1" else f" {units.canonical(unit)}"
    if not made.is_exact and low <= made.to(unit).p50 <= high:
        raise StudyFigureError(
            f"{path} [{table}]",
            name,
            f"{worst:.4g}",
            _("some samples are outside {low} to {high}{unit}.").format(
                low=f"{low:g}", high=f"{high:g}", unit=shown
            ),
            _("add mode, or spread = 'uniform', so that low and high are the ends"),
        )
    if subject == "pue" and worst < 1:
        raise StudyFigureError(
            f"{path} [{table}]",
            name,
            f"{worst:.3g}",
            _("below 1.0: a facility uses at least its IT energy."),
            _("{value} looks like DCiE (IT/total); its PUE is {pue}").format(
                value=f"{worst:.3g}", pue=f"{1 / worst:.3g}" if worst > 0 else "-"
            ),
        )
    raise StudyFigureError(
        f"{path} [{table}]",
        name,
        f"{worst:.4g}",
        _("outside {low} to {high}{unit}.").format(low=f"{low:g}", high=f"{high:g}", unit=shown),
        _("check the unit: {unit} is expected").format(unit=shown.strip()) if shown else "",
    )


def read_study(path: str | Path) -> StudyFile:
    """Read a study file.

    Raises
    ------
    StudyError
        With every problem of the file: unknown keys, wrong types, units, impossible values, circles.
    """
    path = Path(path)
    content = _toml(path)
    joined, wrong = _of_joined_rooms(path, content)
    if wrong:
        raise StudyError(wrong)
    try:
        study = Study.model_validate(content)
    except ValidationError as error:
        # of the branches of "a number or 'load'" the last says most, of a number the first
        by_place: dict[tuple[str, ...], Any] = {}
        for e in error.errors(include_url=False):
            place = tuple(map(str, e["loc"][:2]))
            number = isinstance(e.get("input"), int | float) and e["type"] == "literal_error"
            if not (number and place in by_place):
                by_place[place] = e
        found = [_from_pydantic(path, e) for e in by_place.values()]
        # the figures that can be read are checked as well, so that nothing is left for a second try
        specs = _loose_specs(content, error)
        raise StudyError(_unique([*found, *StudyFile(_EMPTY, path, specs).problems()])) from None
    file = StudyFile(study, path, {**_specs(study), **joined})
    found = list(file.problems())
    if found:
        raise StudyError(_unique(found))
    return file


def joined_rooms() -> dict[str, list[str]]:
    """Tables of rooms that joined the chain by a step and a setting: their keys, each a figure."""
    found: dict[str, list[str]] = {}
    for key in STUDY_FIGURES:
        table, _dot, name = key.partition(".")
        if table not in Study.model_fields:
            found.setdefault(table, []).append(name)
    return found


def _of_joined_rooms(
    path: Path, content: dict[str, Any]
) -> tuple[dict[str, FigureSpec], list[TaotieError]]:
    """Take the tables of joined rooms out of a file: their figures, and what is wrong with them."""
    specs: dict[str, FigureSpec] = {}
    wrong: list[TaotieError] = []
    for table, known in joined_rooms().items():
        for name, value in dict(content.pop(table, {})).items():
            where = f"{path} [{table}]"
            if name not in known:
                message = _("{where} has no key {name}.").format(where=where, name=repr(name))
                wrong.append(TaotieError(message, nearest(name, known)))
                continue
            try:
                specs[f"{table}.{name}"] = FigureSpec.model_validate(value)
            except ValidationError:
                message = _("{where}: {name} is not a figure.").format(where=where, name=name)
                wrong.append(TaotieError(message, f"{name} = 1.5"))
    return specs, wrong


_EMPTY = Study(title="-")


def _unique(found: list[TaotieError]) -> list[TaotieError]:
    return list({str(e): e for e in found}.values())


def _toml(path: Path) -> dict[str, Any]:
    try:
        regular_file(path, hint=_("give the path of a study file; examples are in studies/"))
        return read_toml(path, STUDY_BYTES_MAX)
    except DataError as error:
        raise StudyError([TaotieError(error.message, error.hint)]) from None


def _specs(study: Study) -> dict[str, FigureSpec]:
    found = {f"figures.{name}": spec for name, spec in study.figures.items()}
    for table in ("workload", "compute", "facility", "fleet", "grid", "policy"):
        model: BaseModel = getattr(study, table)
        for name in type(model).model_fields:
            spec = getattr(model, name)
            if isinstance(spec, FigureSpec):
                found[f"{table}.{name}"] = spec
    return found


def _loose_specs(content: dict[str, Any], error: ValidationError) -> dict[str, FigureSpec]:
    """The figures of a file whose other parts are wrong."""
    bad = {".".join(map(str, e["loc"][:2])) for e in error.errors(include_url=False)}
    found: dict[str, FigureSpec] = {}
    for table, keys in content.items():
        if not isinstance(keys, dict):
            continue
        for name, value in keys.items():
            key = f"{table}.{name}"
            if (key in STUDY_FIGURES or table == "figures") and key not in bad:
                try:
                    found[key] = FigureSpec.model_validate(value)
                except ValidationError:
                    continue
    return found


def _fields_at(location: tuple[Any, ...]) -> list[str]:
    """Keys allowed in the table an error points into."""
    model: Any = Study
    by_name = False
    for part in location[:-1]:
        if by_name:  # a table of tables: the name of one of them
            by_name = False
            continue
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return list(FigureSpec.model_fields) if "figures" in location else []
        options = [field.annotation, *get_args(field.annotation)]
        model = next((o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), None)
        by_name = get_origin(field.annotation) is dict
    return list(getattr(model, "model_fields", {}))


_WANTED = {
    "string": N_("a text is wanted"),
    "list": N_("a list is wanted"),
    "dict": N_("a table is wanted"),
    "float": N_("a number is wanted"),
    "int": N_("a whole number is wanted"),
    "bool": N_("true or false is wanted"),
}
"""What a key takes, by the first word of the validator's kind of error."""


def _from_pydantic(path: Path, error: Any) -> TaotieError:
    location = tuple(p for p in error["loc"] if not str(p).startswith(("literal[", "function-")))
    location = tuple(p for p in location if p not in ("float", "int", "str", "constrained-float"))
    table = ".".join(str(p) for p in location[:-1])
    where = f"{path} [{table}]" if table else str(path)
    name, value = str(location[-1]), error.get("input")
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
    context = error.get("ctx", {})
    kind = error["type"]
    if kind == "extra_forbidden":
        return TaotieError(
            _("{where}: unknown key {name}.").format(where=where, name=repr(name)),
            nearest(name, _fields_at(location)),
        )
    if kind == "missing":
        return TaotieError(
            _("{where}: {name} is missing.").format(where=where, name=name),
            _("every study has a title") if name == "title" else "",
        )
    what, hint = error["msg"], ""
    if kind == "literal_error":
        expected = str(context.get("expected", ""))
        what = _("it is not one of {known}.").format(known=expected.replace(" or ", _(" or ")))
        choices = [c.strip(" '") for c in expected.replace(" or ", ",").split(",")]
        hint = nearest(str(value), choices) if isinstance(value, str) else ""
    elif kind in ("model_type", "model_attributes_type") and len(location) == 1:
        what = _("it has the wrong type: {what}.").format(what=_("a table is wanted"))
        hint = (
            _("write [workload] once; several kinds in one service are kind = 'mix' and [workload.parts.NAME]")
            if name == "workload"
            else _("write [{name}] once, and its keys below it").format(name=name)
        )  # fmt: skip
    elif kind in ("model_type", "model_attributes_type"):
        what = _("it is neither a number nor a figure.")
        hint = _('write 1.2, or { low = 1.1, high = 1.3 }, or { figure = "source.name" }')
    elif kind.endswith("_type") or kind == "int_from_float":
        wanted = _WANTED.get(kind.partition("_")[0])
        what = _("it has the wrong type: {what}.").format(
            what=_(wanted) if wanted else error["msg"].lower()
        )
        hint = _("numbers stand without quotes, texts in quotes, figures as { low = 1, high = 2 }")
    elif kind.startswith(("greater_than", "less_than")):
        limit = next(iter(context.values()), "")
        what = _("it is outside the possible range (limit {limit}).").format(limit=limit)
    elif kind in ("too_short", "too_long"):
        what = _("it has {n} items instead of {wanted}.").format(
            n=context.get("actual_length"),
            wanted=context.get("min_length", context.get("max_length")),
        )
    return TaotieError(
        _("{where}: {name}={value}: {what}").format(where=where, name=name, value=shown, what=what),
        hint,
    )
