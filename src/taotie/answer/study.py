"""What does a study find? The ask behind `taotie run`: one file, one walk from what is asked to the grid and the rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from taotie.answer.answer import Answer, Column, Table
from taotie.answer.asking import Chosen, answers, default_said
from taotie.answer.asks import ASKS, function_of
from taotie.errors import DataError, ResultError, TaotieError, UnknownNameError, nearest
from taotie.files.read import json_value, read_json, read_toml
from taotie.words.language import N_, _
from taotie.words.said import Said

__all__ = ["checked_result", "run"]


SAME = {"mean_load": "mean_facility_power", "peak_load": "peak_facility_power"}
"""Keys that every answer about a load shares, and what a study calls them."""


@answers("run")
def run(chosen: Chosen) -> Answer:
    """Compute a study.

    Raises
    ------
    StudyError
        With everything that is wrong with the file, or what stopped the walk and where.
    """
    from taotie.study.read import read_study
    from taotie.study.run import run_study

    if chosen.study is None:
        raise TaotieError(
            _("`taotie run` needs a study file."), "taotie run studies/chat_service.toml"
        )
    asked = _asked_in(Path(chosen.study), chosen)
    if asked is not None:
        return asked
    file = read_study(chosen.study)
    changed = {k: v for k in ("seed", "samples") if (v := chosen.values[k]) is not None}
    if changed:
        file.study = type(file.study).model_validate({**file.study.model_dump(), **changed})
    if chosen.region is not None:
        file.study = moved_to(file.study, chosen.region)
    result = run_study(file, n_threads=chosen.threads, tell=chosen.tell)
    made = answer_of(result)
    if chosen.region is None:
        return made
    said = Said("moved", N_("The study was moved to {place}."), {"place": chosen.region})
    return replace(made, said=(*made.said, said))


def moved_to(study: Any, region: str) -> Any:
    """A study at another place: its own place, with nation and intensity that followed it, is left."""
    grid = study.grid.model_copy(update={"region": None})
    return study.model_copy(
        update={
            "place": type(study.place)(region=region),
            "grid": grid,
            "fleet": type(study.fleet)(),
        }
    )


def _asked_in(path: Path, chosen: Chosen) -> Answer | None:
    """The answer to a study that is one question: `ask`, its `[settings]`, a title; None for any other file.

    Raises
    ------
    TaotieError
        If it names no question, or the question does not take a setting.
    """
    try:
        given = read_toml(path)
    except DataError:
        return None  # what is wrong with it is said where studies are read
    if "ask" not in given:
        return None
    name, settings = given.pop("ask"), given.pop("settings", {})
    title = {"en": str(given.pop("title", path.stem)), "zh": str(given.pop("title_zh", ""))}
    if given or not isinstance(settings, dict):
        raise TaotieError(
            _("{path}: {key} has no place in a study that is one question.").format(
                path=path, key=next(iter(given), "settings")
            ),
            "ask, title, title_zh, [settings]",
        )
    if name not in ASKS or name == "run":
        raise UnknownNameError(
            _("{path}: {name} is no question.").format(path=path, name=repr(name)),
            nearest(str(name), [a for a in ASKS if a != "run"]),
        )
    known = ASKS[name].settings
    for key, value in settings.items():
        one = known.get(key)
        if one is not None and one.type == "file":
            settings[key] = str(path.parent / str(value))
        elif one is not None and one.type == "files":
            settings[key] = [str(path.parent / str(v)) for v in value]
    for key in ("seed", "samples"):
        if chosen.values[key] is not None and key in known:
            settings[key] = chosen.values[key]
    title["zh"] = title["zh"] or title["en"]
    return _asked(str(name), settings, title, chosen.tell)


def _asked(
    name: str, settings: Mapping[str, Any], title: Mapping[str, str], tell: Any = None
) -> Answer:
    """The answer to one question, with what computes it again."""
    answer = function_of(name)(tell=tell, **settings)
    study = {"ask": name, "settings": dict(settings)}
    return replace(answer, own={**answer.own, "title": dict(title), "study": study})


def answer_of(result: Any) -> Answer:
    """The answer a computed study gives."""
    defaults = [default_said(d.key, d.value, d.reason.message) for d in result.defaults]
    said = [*result.warnings, *result.notes, *(_compared(result, c) for c in result.comparisons)]
    return Answer(
        "run",
        result.study,
        {**result.figures, **{key: result.figures[of] for key, of in SAME.items()}},
        series=dict(result.profiles),
        tables=_by_hour(result),
        said=(*said, *defaults),
        show=result.show,
        own={
            "title": dict(result.title),
            "headline": result.headline,
            "defaults": [d.to_dict() for d in result.defaults],
            "warnings": [w.to_dict() for w in result.warnings],
        },
        detail=result,
    )


def _by_hour(result: Any) -> dict[str, Table]:
    """Carbon at the bus by hour of the day, where hours were dispatched; every hour is in the series."""
    from taotie.study.building import day_of
    from taotie.study.bus_carbon import BY_HOUR

    if BY_HOUR[0] not in result.profiles:
        return {}
    load = result.profiles["facility_load"]
    mw = day_of(load) * load.average().to("MW").p50
    every = [result.profiles[key].percentiles()[1] for key in BY_HOUR]
    clock = np.arange(len(every[0])) % 24
    n = np.bincount(clock, minlength=24)
    sums = [np.bincount(clock, one, minlength=24) for one in every]
    rows = tuple(
        (int(h), float(mw[h]), *(float(one[h] / n[h]) for one in sums)) for h in np.flatnonzero(n)
    )
    return {
        "carbon_by_hour": Table(
            (
                Column("hour", "h", N_("hour of the day")), Column("load_mw", "MW", N_("load")),
                Column("average_g_per_kwh", "gCO2e/kWh", N_("average intensity")),
                Column("marginal_g_per_kwh", "gCO2e/kWh", N_("marginal intensity")),
            ),
            rows,
            N_("Carbon at the bus by hour of the day, mean of the hours dispatched"),
        )
    }  # fmt: skip


def _compared(result: Any, one: Any) -> Said:
    from taotie.quantity.catalog import figure
    from taotie.quantity.wording import number, value_text
    from taotie.words.said import in_each_language

    published, ours, ratio = (
        figure(one.published),
        result.figures[one.ours],
        result.figures[one.ratio],
    )

    def spoken(make: Any) -> Said:
        return Said("value", "", {}, in_each_language(make))

    return Said(
        f"compared.{one.published}",
        N_("{name}: published {published}, ours {ours}: a factor of {ratio}"),
        {
            "name": spoken(lambda: published.name),
            "published": spoken(lambda: value_text(published)),
            "ours": spoken(lambda: value_text(ours)),
            "ratio": spoken(lambda: number(ratio.p50)),
        },
    )


def checked_result(path: Path) -> Answer:
    """A result file computed again, figure by figure.

    Raises
    ------
    ResultError
        If the file is damaged.
    """
    from taotie.study.result_file import NOT_COMPUTED, check_result

    content = read_json(path, kind=ResultError)
    if isinstance(content, dict) and isinstance(content.get("study"), dict) and "ask" in content:
        return _checked_again(path, content)
    n, different = check_result(path)
    said = (
        Said(
            "check_result",
            N_(
                "this is not what taotie computes: {n} differences in {total} figures and what stands beside them"
            )
            if different
            else N_(
                "all {n} figures and the profiles compute to the last bit; the content is as it was written"
            ),
            {"n": len(different) if different else n, "total": n},
        ),
        Said("not_computed", NOT_COMPUTED, {}),
    )
    return Answer(
        "check_result",
        {"file": str(path)},
        said=said,
        own={"file": str(path), "figures_checked": n, "ok": not different, "different": different},
    )


def _checked_again(path: Path, content: Mapping[str, Any]) -> Answer:
    """The result of a study that is one question: asked again, and held against the file cell by cell."""
    study, title = content["study"], content.get("title")
    name, settings = study.get("ask"), study.get("settings")
    if name not in ASKS or name == "run" or not isinstance(settings, dict) or not isinstance(title, dict):  # fmt: skip
        raise ResultError(
            _("{path} does not say which question it answers.").format(path=path),
            _("give the result.json that `taotie run` wrote"),
        )
    again = json_value(json.dumps(_asked(name, settings, title).to_dict()))
    beside = ("files", "version")  # where it was written, and by which version
    theirs, ours = (
        dict(_leaves({k: v for k, v in c.items() if k not in beside})) for c in (content, again)
    )
    different = [
        _("{key}: {stated} is stated, {computed} is computed").format(
            key=key, stated=_short(theirs, key), computed=_short(ours, key)
        )
        for key in dict.fromkeys([*theirs, *ours])
        if key not in theirs or key not in ours or theirs[key] != ours[key]
    ]
    said = [
        Said(
            "check_result",
            N_("this is not what taotie computes: {n} differences in {total} cells")
            if different
            else N_("all {total} cells but the title are computed again, to the last bit"),
            {"n": len(different), "total": len(ours)},
        )
    ]
    if content.get("version") != again["version"]:
        said.append(
            Said(
                "other_version",
                N_("it was written by version {theirs}; this is {ours}"),
                {"theirs": str(content.get("version"))[:20], "ours": again["version"]},
            )
        )
    return Answer(
        "check_result",
        {"file": str(path)},
        said=tuple(said),
        own={
            "file": str(path),
            "figures_checked": len(ours),
            "ok": not different,
            "different": different,
        },
    )


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every cell of a JSON value by its place."""
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _leaves(one, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list) and value:
        for i, one in enumerate(value):
            yield from _leaves(one, f"{place}[{i}]")
    else:
        yield place, value


def _short(cells: Mapping[str, Any], key: str) -> str:
    return json.dumps(cells[key], ensure_ascii=False)[:60] if key in cells else "-"
