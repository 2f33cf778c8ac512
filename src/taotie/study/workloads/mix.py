"""What does a service draw that is asked several kinds of things? Each kind on its own machines, then all together."""

from __future__ import annotations

from dataclasses import replace

from taotie.quantity.figure import Figure, constants_of, exact
from taotie.quantity.profile import Profile
from taotie.study.asked import requests_per_day
from taotie.study.service_machines import ChatService
from taotie.study.steps.step import needed_for, step, walked
from taotie.study.steps.walk import Walk
from taotie.words.language import N_, in_language
from taotie.words.said import Said, joined, labels

__all__ = ["NAMES", "mixed", "of_each_kind"]

NAMES = {
    "chat": N_("chat"),
    "reasoning": N_("reasoning"),
    "agents": N_("agents"),
    "search": N_("search"),
    "batch": N_("jobs without a clock"),
    "embedding": N_("embeddings"),
    "picture": N_("pictures"),
    "film": N_("films"),
}
"""Kinds as a reader knows them."""
KEPT = ("prompt_tokens", "output_tokens", "replicas", "accelerators", "energy_per_request_server")
SUMS = {
    "replicas": N_("Replicas in service"),
    "accelerators": N_("Accelerators in service"),
    "servers": N_("Servers in service"),
    "highest_it_power": N_("Highest draw of the machines, all of them busy"),
    "daily_energy_server": N_("Electricity of the servers in a day"),
    "mean_it_power": N_("Mean draw of the machines"),
}
PARTS = {
    "accelerator": (
        "energy_per_request_accelerator",
        N_("Energy per request, accelerators alone"),
    ),
    "host": ("energy_host", N_("Host: processors, memory, fans, network")),
    "idle": ("energy_idle", N_("Waiting servers")),
}


@step("service", "it_load", kinds=("mix",))
def mixed(walk: Walk) -> tuple[ChatService, Profile]:
    """Every kind walked as a study of its own up to its load, then their sums.

    Raises
    ------
    StudyError
        Of any part.
    """
    with walk.at("workload"):
        total = requests_per_day(walk)
    shares: dict[str, Figure] = {}
    loads: dict[str, Profile] = {}
    parts: dict[str, ChatService] = {}
    figures: dict[str, dict[str, Figure]] = {}
    walks: dict[str, Walk] = {}
    for kind, part in walk.study.workload.parts.items():
        share = exact(part.share, "1", f"share_of_{kind}")
        own = Walk(walk.file.part(kind), walk.n_threads, walk.tell)
        own.part, own.place, own.per_day = kind, walk.place, total * share
        with constants_of(kind):
            made = walked(own, needed_for(walk.steps, kind, ("service", "it_load")), kind)
        shares[kind], loads[kind], parts[kind] = share, made["it_load"], made["service"]
        figures[kind] = own.figures
        walks[kind] = own
        for key in (k for k in KEPT if k in own.figures):
            _keep_of(walk, kind, key, own.figures[key])

    _told(walk, walks)

    def over_kinds(part: str) -> Figure:
        # the energy drawn for a closed model has its waiting machines inside
        found = [shares[k] * made.parts[part] for k, made in parts.items() if part in made.parts]
        return sum(found[1:], found[0])

    for key, label in SUMS.items():
        unknown = [kind for kind in parts if key not in figures[kind]]
        if unknown:
            walk.note(
                f"not_summed_{key}",
                N_("{what}: not known of {kinds}, so there is no sum over the kinds."),
                what=Said(key, label), kinds=joined([Said("kind", NAMES[k]) for k in unknown]),
            )  # fmt: skip
            continue
        every = [figures[kind][key] for kind in parts]
        walk.keep(key, sum(every[1:], every[0]), label)
    if {"daily_energy_server", "servers"} <= walk.figures.keys():
        walk.keep(
            "mean_power_per_server",
            (walk.figures["daily_energy_server"] / walk.figures["servers"]).to("kW/server"),
            N_("Mean draw of a server in service"),
        )
    of = {
        part: walk.keep(key, over_kinds(part), label)
        for part, (key, label) in PARTS.items()
        if any(part in made.parts for made in parts.values())
    }
    server = walk.keep(
        "energy_per_request_server",
        of["accelerator"].joined("server", of["host"] + of["idle"] if "idle" in of else of["host"]),
        N_("Energy per request at the server's plug"),
    )
    terms = tuple(term for load in loads.values() for term in load.terms)
    it_load = Profile(terms, label=labels(N_("IT load by hour")))
    return ChatService(server, of, it_load), it_load


@step("kinds", kinds=("mix",))
def of_each_kind(walk: Walk, flows: object, pue: Figure) -> tuple[str, ...]:
    """Energy of a request of each kind at the building's meter, and its share of the whole. [Wh/request, %]"""
    kinds = tuple(walk.study.workload.parts)
    whole = walk.figures["energy_per_request"]
    for kind, part in walk.study.workload.parts.items():
        server = walk.figures.pop(f"{kind}_energy_per_request_server")
        facility = server.at_boundary("facility", pue)
        _keep_of(walk, kind, "energy_per_request", facility)
        share = (exact(part.share, "1", f"share_of_{kind}") * facility / whole).to("%")
        walk.figures[f"{kind}_share_of_energy"] = share.named(
            f"{kind}_share_of_energy",
            **_of_kind(labels(N_("Share of the energy")), kind),
        )
    return kinds


def _keep_of(walk: Walk, kind: str, key: str, figure: Figure) -> None:
    name = f"{kind}_{key}"
    label = labels(N_("Energy per request")) if key == "energy_per_request" else dict(figure.label)
    walk.figures[name] = figure.named(name, **_of_kind(label, kind))


def _of_kind(label: dict[str, str], kind: str) -> dict[str, str]:
    return {
        code: f"{text}（{in_language(NAMES[kind], code)}）"
        if code == "zh"
        else f"{text} ({in_language(NAMES[kind], code)})"
        for code, text in label.items()
    }


def _told(walk: Walk, walks: dict[str, Walk]) -> None:
    """Defaults, notes, warnings and files of the parts, each once; a default that differs says of which part."""
    values: dict[str, set[str]] = {}
    for own in walks.values():
        for default in own.defaults:
            values.setdefault(default.key, set()).add(default.value)
    had: set[str] = set()
    for kind, own in walks.items():
        for default in own.defaults:
            shared = len(values[default.key]) == 1
            key = default.key if shared else f"{kind}.{default.key}"
            if key not in had:
                walk.defaults.append(replace(default, key=key))
            had.add(key)
        for mine, theirs in ((walk.notes, own.notes), (walk.warnings, own.warnings)):
            seen = {str(n.to_dict()) for n in mine}
            mine.extend(n for n in theirs if str(n.to_dict()) not in seen)
        names = {f["name"] for f in walk.files}
        walk.files.extend(f for f in own.files if f["name"] not in names)
