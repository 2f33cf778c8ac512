"""What is asked of a service, and when? Requests a day, their lengths and the course of the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from taotie.errors import StudyError, TaotieError
from taotie.files.fetch import local_path, sha256_of
from taotie.files.registry import dataset
from taotie.quantity.catalog import figure, source
from taotie.quantity.figure import Figure, exact, leaf
from taotie.study.request_parts import Lengths
from taotie.study.steps.step import step
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, _
from taotie.workload.chat import TokenLengths, chat_lengths
from taotie.workload.daily_shape import DailyShape, single_chat_day
from taotie.workload.requests import Requests, TokenMoments
from taotie.workload.trace import PUBLISHED_TRACES, published_trace, read_trace

__all__ = ["BUILT_IN", "Asked", "asked_of", "asked_of_means", "day_of", "requests_per_day", "usual"]

BUILT_IN = "built-in"
_TRACE_SOURCES = {"azure-2023-conv": "patel2024_splitwise"}


@dataclass(frozen=True)
class Asked:
    """What is asked of a service, and when.

    Attributes
    ----------
    per_day : Figure
        [request/d]
    requests, lengths : Requests, TokenLengths
        Those of a log, or those that are built in; the other is None.
    means : Lengths
        Mean lengths. [token/request]
    day : DailyShape
    peak : Figure
        Busiest hour over the mean hour. [1]
    cached : Figure or None
        Share of the prompt whose cache is at hand, so that it is not read again. [1]
    """

    per_day: Figure
    requests: Requests | None
    lengths: TokenLengths | None
    means: Lengths
    day: DailyShape
    peak: Figure
    cached: Figure | None = None


@step("asked", kinds=("chat",), name="asked")
def asked_of(walk: Walk) -> Asked:
    """Requests a day, their lengths and the course of the day.

    Raises
    ------
    StudyError
        If the study names something unknown or impossible.
    """
    with walk.at("workload"):
        per_day = requests_per_day(
            walk,
            lambda: figure("devries2023.requests_per_day_chatgpt"),
            N_("requests of ChatGPT early in 2023, the last figure with a stated derivation"),
        )
        requests, lengths, moments, origin = _asked(walk)
        means = _lengths(walk, moments, origin)
        day, peak = day_of(walk)
    return Asked(per_day, requests, lengths, means, day, peak)


def requests_per_day(
    walk: Walk, default: Callable[[], Figure] | None = None, reason: str = ""
) -> Figure:
    """Requests a day: of a mix its share of them, as given, or a default with its reason. [request/d]"""
    if walk.per_day is not None:
        return walk.per_day
    return walk.figure(
        "workload.requests_per_day",
        default or (lambda: usual("service", "requests_per_day")),
        reason or N_("a million a day, to be multiplied in the head"),
    )


def usual(kind: str, quantity: str) -> Figure:
    """What a kind of workload is taken to ask where a study is silent: table `workload_kinds`."""
    return figure(f"workload_kinds/{kind}/{quantity}")


def asked_of_means(
    walk: Walk,
    per_day: Figure,
    *,
    prompt: Figure | None = None,
    output: Figure | None = None,
    cached: Figure | None = None,
    flat: bool = False,
) -> Asked:
    """What is asked of a service known by its mean lengths.

    Lengths spread around their means as those of the chat service that ours are fitted to; where no mean is given
    it is that of chat. `flat` is a service nobody waits for: its day has no course.
    """
    lengths = chat_lengths()
    means = _lengths(walk, lengths.moments, _of_the_fit(), prompt, output)
    walk.note(
        "lengths_as_in_chat",
        N_("Lengths spread around their means as in the chat service that the built-in ones are fitted to."),
    )  # fmt: skip
    day, peak = (DailyShape(np.ones(24)), exact(1.0, "1", "flat_day")) if flat else day_of(walk)
    return Asked(per_day, None, lengths, means, day, peak, cached)


def _of_the_fit() -> dict[str, Any]:
    return {
        "kind": "estimated",
        "source": source("taotie_fit2026"),
        "locator": "table workload_defaults",
        "prefix": "workload.chat_lengths",
    }


# ---- workload ----------------------------------------------------------------------------------------


def _asked(
    walk: Walk,
) -> tuple[Requests | None, TokenLengths | None, TokenMoments, dict[str, Any]]:
    """Requests of the trace, or the built-in lengths, and where their means come from."""
    wanted = walk.study.workload.trace
    if wanted is None:
        walk.choice(
            "workload.trace",
            None,
            BUILT_IN,
            N_("no trace is named; lengths are our fit to one hour of an Azure chat service"),
        )
    else:
        found = _trace(walk, wanted)
        if found is not None:
            return found
    lengths = chat_lengths()
    return None, lengths, lengths.moments, _of_the_fit()


def _trace(walk: Walk, wanted: str) -> tuple[Requests, None, TokenMoments, dict[str, Any]] | None:
    by_dataset = {p.dataset: name for name, p in PUBLISHED_TRACES.items()}
    published = by_dataset.get(wanted, wanted if wanted in PUBLISHED_TRACES else None)
    walk.tell(_("reading the requests"))
    if published is not None:
        known = PUBLISHED_TRACES[published]
        requests = published_trace(published)
        if requests is None:
            walk.warn(
                "trace_not_fetched",
                N_(
                    "The trace {name} is not on this machine; token lengths are the built-in distribution "
                    "instead. Fetch it with: taotie data fetch {dataset}"
                ),
                name=wanted,
                dataset=known.dataset,
            )
            return None
        path = local_path(known.dataset, known.path)
        entry = dataset(known.dataset)
        key = _TRACE_SOURCES.get(published)
        origin: dict[str, Any] = {
            "kind": "measured",
            "source": source(key) if key else None,
            "locator": f"{known.path}, mean over {len(requests)} requests",
            "note": ""
            if key
            else N_("mean over {n} requests of {title}").format(n=len(requests), title=entry.title),
            "prefix": f"workload.{published}",
        }
        licence, citation, shown = entry.licence, entry.citation, f"{known.dataset}/{known.path}"
    else:
        path = (walk.file.path.parent / wanted).resolve()
        if not path.is_file():
            names = ", ".join(sorted([*by_dataset, *PUBLISHED_TRACES]))
            raise StudyError(
                [
                    TaotieError(
                        _("trace={name} in {file} [workload]: no such file or data set.").format(
                            name=repr(wanted), file=walk.file.path
                        ),
                        _("give a path beside the study, or one of {names}").format(names=names),
                    )
                ]
            )
        requests = read_trace(path)
        digest = sha256_of(path)
        origin = {
            "kind": "measured",
            "source": None,
            "locator": "",
            "note": N_("mean over {n} requests of the file {name}, sha256 {digest}").format(
                n=len(requests), name=path.name, digest=digest[:12]
            ),
            "prefix": f"workload.{digest[:12]}",
        }
        licence, citation, shown = "", "", wanted
    assert path is not None
    walk.files.append(
        {
            "name": shown,
            "sha256": sha256_of(path),
            "bytes": path.stat().st_size,
            "role": "trace",
            "licence": licence,
            "citation": citation,
        }
    )
    walk.note(
        "trace_read",
        N_("{n} requests were read from {name}."),
        n=len(requests),
        name=shown,
    )
    walk.notes.extend(requests.said)
    return requests, None, requests.moments, origin


def _lengths(
    walk: Walk,
    moments: TokenMoments,
    origin: dict[str, Any],
    prompt: Figure | None = None,
    output: Figure | None = None,
) -> Lengths:
    """Mean prompt and answer, mean context of a decode step, and spread of the prompts."""
    prefix = origin.pop("prefix")

    def mean(name: str, value: float, unit: str, en: str, zh: str) -> Figure:
        return leaf(
            f"{prefix}.{name}", value=value, unit=unit, label={"en": en, "zh": zh}, **origin
        )

    p, o = moments.mean_prompt, moments.mean_output
    prompt = (
        prompt
        or walk.file.given("workload.prompt_tokens")
        or mean("mean_prompt", p, "token/request", "Mean prompt", "平均提示长度")
    )
    output = (
        output
        or walk.file.given("workload.output_tokens")
        or mean("mean_output", o, "token/request", "Mean answer", "平均回答长度")
    )
    # Context of a step is E[o (p + o/2)] / E[o]: part follows the prompts, part the answers.
    along = mean(
        "prompt_weight", moments.mean_prompt_output / (o * p), "1",
        "Prompt seen by a decode step over mean prompt", "解码步所见提示与平均提示之比",
    )  # fmt: skip
    own = mean(
        "answer_weight", moments.mean_output_squared / (2 * o * o), "1",
        "Answer seen by a decode step over mean answer", "解码步所见回答与平均回答之比",
    )  # fmt: skip
    context = along * prompt + own * output
    spread = mean(
        "prompt_spread", moments.mean_prompt_squared / p**2, "1",
        "Mean square of the prompts over their squared mean", "提示长度均方与均值平方之比",
    )  # fmt: skip
    walk.keep("prompt_tokens", prompt, N_("Mean prompt"))
    walk.keep("output_tokens", output, N_("Mean answer"))
    return Lengths(prompt, output, context, spread)


def day_of(walk: Walk) -> tuple[DailyShape, Figure]:
    """Course of the day, and its busiest hour over the mean hour."""
    given = walk.study.workload.daily_shape
    if given is not None:
        day = DailyShape(np.asarray(given))
        idle = int((day.share == 0).sum())
        if idle:
            walk.warn(
                "hours_without_requests",
                N_(
                    "In {n} of the 24 hours of daily_shape nobody asks: the machines are on and idle then. An hour that was not measured is no 0."
                ),
                n=idle,
            )
        return day, leaf(
            "study.workload.daily_shape.peak", value=day.peak_over_mean, unit="1", kind="assumed",
            note=N_("given by the study file"), label={"en": "Busiest hour over mean hour", "zh": "高峰小时与平均小时之比"},
        )  # fmt: skip
    # the mean course of many days is flatter than any single day, and machines are bought for single days
    peak = figure("workload_defaults/chat_day/peak_over_mean")
    walk.choice(
        "workload.daily_shape",
        None,
        BUILT_IN,
        N_(
            "our fit to 14 days of three language services (ServeGen), with the peak of a single day"
        ),
    )
    return single_chat_day(), peak
