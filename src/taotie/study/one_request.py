"""How much does one request take? The chain for a single request, without a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from taotie.compute.energy.model_architecture import model_architecture, model_used
from taotie.compute.energy.model_shape import ModelArchitecture
from taotie.compute.energy.reading_pool import reader_for
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.served_precision import served_precision
from taotie.compute.energy.serving_setup import ServingSetup, checked_cut, smallest_replica
from taotie.compute.energy.setup_notes import not_measured
from taotie.compute.metered.calibration import calibration_for
from taotie.facility.pue import checked_pue, published_pue
from taotie.hardware.accelerator import Accelerator
from taotie.hardware.accelerator import accelerator as accelerator_named
from taotie.hardware.server import machine_notes
from taotie.quantity.evaluation import N_DRAWS_KEPT, evaluate_together
from taotie.quantity.exchange import Exchange
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.record import sources_of, to_record
from taotie.quantity.sampling import Sampling, current, sampling
from taotie.quantity.sensitivity import Drivers
from taotie.study.footprint import At, request_footprint
from taotie.study.request_parts import HARDWARE_OF_WRITERS, Lengths, request_parts, two_pools
from taotie.study.result import Default
from taotie.words.language import N_
from taotie.words.said import Said, labels

BATCHES = (1, 4, 16, 64, 256)


@dataclass(frozen=True)
class OneRequest:
    """Energy of one request, its parts, how it goes with the batch, and where its range comes from."""

    figures: Mapping[str, Figure]
    at_batches: Callable[[], dict[int, Figure]]
    """Energy of the request at each batch that memory holds; `by_batch` calls it."""
    defaults: tuple[Default, ...]
    said: tuple[Said, ...] = ()
    """What a reader must know of the set-up: not measured, batch limited, another precision."""

    @cached_property
    def by_batch(self) -> tuple[tuple[int, Figure], ...]:
        """Energy per request by batch."""
        made = tuple(self.at_batches().items())
        evaluate_together([figure for _size, figure in made])
        return made

    @cached_property
    def drivers(self) -> Drivers:
        """Where the range of the energy comes from."""
        found: Drivers = self.figures["energy_per_request"].drivers()
        return found

    def to_dict(self, shared: bool = False) -> dict[str, Any]:
        """Plain values, with the whole tree; see `to_record`."""
        every = [*self.figures.values(), *(f for _size, f in self.by_batch)]
        return {
            "results": list(self.figures),
            "figures": to_record(every, shared=shared),
            "by_batch": [{"batch": size, "figure": f.node_id} for size, f in self.by_batch],
            "drivers": [{"leaf": d.leaf.key, "share": d.share} for d in self.drivers.rows],
            "method": self.drivers.method,
            "defaults": [d.to_dict() for d in self.defaults],
            "sources": sources_of(every),
        }


def one_request(
    *,
    model: str,
    tokens_in: float,
    tokens_out: float,
    accelerator: str,
    accelerators_per_replica: int | None = None,
    batch: float | None = None,
    precision: str | None = None,
    runtime: str = "vllm-0.11",
    pue: float | None = None,
    data_parallel: int = 1,
    expert_parallel: int = 0,
    draft_tokens: int = 0,
    acceptance: float = 0.0,
    draft_model: str = "",
    prefix_hit: float = 0.0,
    software_date: str = "",
    prefill_accelerator: str | None = None,
    prefill_accelerators: int | None = None,
    at: At | None = None,
    calibrate: Path | str | None = None,
) -> OneRequest:
    """Energy of one request at the plug of the building.

    Parameters
    ----------
    model : str
        A name of the table, a config.json, or sizes (`7B`).
    accelerator, runtime : str
        Names in the tables; of `runtime` also an engine's name (vllm, sglang, tensorrt-llm ...).
    precision : str, optional
        Default: that of the publisher's release.
    data_parallel, expert_parallel, draft_tokens, acceptance, draft_model, software_date
        As in `ServingSetup`.
    prefill_accelerator, prefill_accelerators : str, int, optional
        Machines that only read prompts, a name in the tables and how many hold a copy of the model (default: fewest);
        those of `accelerator` then only write.
    prefix_hit : float, default 0
        Share of the prompt found in a prefix cache. [1]
    tokens_in, tokens_out : float
        Prompt and answer. [token]
    accelerators_per_replica : int, optional
        Default: fewest that hold the model.
    batch : float, optional
        Requests decoded together; without it any batch from 4 to 128 may be, and the range shows it. [1]
    pue : float, optional
        Default: that of the cloud region, else the range assumed for a data centre built for AI. [1]
    calibrate : path-like, optional
        A calibration of one's own machine (`taotie meter report --calibrate`): its range instead of the model's.
    at : At, optional
        Where and when: then carbon, water, hardware and price stand beside the energy.

    Raises
    ------
    UnknownNameError, RangeError
        If a name is not known or a value is impossible; for instance a model that does not fit.
    """
    chip = accelerator_named(accelerator)
    architecture = model_architecture(model)
    machines = _Machines(
        precision, accelerators_per_replica, max(8192.0, tokens_in + tokens_out), runtime, data_parallel,
        expert_parallel, draft_tokens, acceptance, draft_model, software_date,
    )  # fmt: skip
    try:
        setup, of_setup, of_defaults = _set_up(architecture, chip, machines)
    except TypeError:  # a model read from a file holds what it said of it
        setup, of_setup, of_defaults = _set_up.__wrapped__(architecture, chip, machines)
    said, defaults = list(of_setup), list(of_defaults)
    reader = None
    outside = not_measured(setup, batch)
    if prefill_accelerator is not None:
        reader = reader_for(setup, prefill_accelerator, prefill_accelerators, tokens_in)
        outside = tuple({s.code: s for s in (*outside, *not_measured(reader))}.values())
        said.append(two_pools(reader))
    own = calibration_for(calibrate, setup) if calibrate is not None else None
    if batch is None:
        size = _own(defaults, _assumed(current())[0])
    else:
        size = _given(
            "batch", batch, "1", "Batch: requests decoded together", "批大小：同时解码的请求数"
        )
    published = at.place.pue if at is not None else None
    if pue is None and published is not None:
        building = published.figure.named("pue", en="PUE of the cloud region", zh="云区域的PUE")
        why = N_("the operator's figure for the region")
        defaults.append(Default("pue", f"{building.p50:.4g}", building, Said("default.pue", why)))
    elif pue is None:
        building = _own(defaults, _assumed(current())[1])
    else:
        checked_pue(pue)
        building = _given("pue", pue, "1", "PUE", "PUE")

    drawn = current()
    kind = _Kind(setup, size, building, prefix_hit, own, drawn, reader)
    figures = _alike(kind, (), tokens_in, tokens_out)
    seconds = figures.pop("accelerator_time")
    left: dict[str, Figure] = {}
    where: list[Said] = []
    if at is not None:
        if reader is not None and reader.accelerator.name != chip.name:
            said.append(HARDWARE_OF_WRITERS)
        left, where = request_footprint(
            at,
            figures["energy_per_request"],
            figures["energy_per_request_server"],
            chip.name,
            seconds,
        )
    evaluate_together([*figures.values(), *left.values()])
    limit = setup.largest_batch(tokens_in + tokens_out)
    sizes = tuple(b for b in BATCHES if b <= limit)

    def at_batches() -> dict[int, Figure]:
        with sampling(drawn.n, drawn.seed):  # asked for later, drawn alike
            made = _alike(kind, sizes, tokens_in, tokens_out)
        return {b: made[f"at_batch_{b}"] for b in sizes}

    if batch is not None and batch > limit:
        said.append(
            Said(
                "batch_limited",
                N_(
                    "memory holds {limit} requests at once, not {batch:g}: {limit} are decoded together."
                ),
                {"limit": limit, "batch": batch},
            )
        )
    return OneRequest(
        {**figures, **left},
        at_batches,
        tuple(defaults),
        (*said, *outside, *where),
    )


class _Machines(NamedTuple):
    """What is asked of the machines of a request, beside the model and the chip."""

    precision: str | None
    accelerators: int | None
    room: float
    """Tokens of the longest requests that the machines must hold."""
    runtime: str
    data_parallel: int
    expert_parallel: int
    draft_tokens: int
    acceptance: float
    draft_model: str
    software_date: str


@lru_cache(maxsize=256)
def _set_up(
    architecture: ModelArchitecture, chip: Accelerator, asked: _Machines
) -> tuple[ServingSetup, tuple[Said, ...], tuple[Default, ...]]:
    """The machines that answer, what is said of them, and what of them nobody gave."""
    precision, of_format = served_precision(architecture, chip, asked.precision)
    said = (*model_used(architecture), *of_format, *machine_notes(chip))
    defaults: list[Default] = []
    if asked.precision is None:
        why = N_("the format of the publisher's release, or the next wider that the chip has")
        defaults.append(Default("precision", precision, None, Said("default.precision", why)))
    n = asked.accelerators
    if n is None:
        n = smallest_replica(architecture, chip, precision, asked.room)
        why = N_("fewest that hold the weights and a few long requests")
        defaults.append(Default("accelerators", str(n), None, Said("default.accelerators", why)))
    else:
        checked_cut(architecture, n, asked.data_parallel, f"--on {chip.name}:{{n}}")
    setup = ServingSetup(
        architecture,
        chip,
        n,
        precision,
        runtime_profile(asked.runtime).name,
        data_parallel=asked.data_parallel,
        expert_parallel=asked.expert_parallel,
        draft_tokens=asked.draft_tokens,
        acceptance=asked.acceptance,
        draft_model=asked.draft_model,
        software_date=asked.software_date,
    )
    return setup, said, tuple(defaults)


def _own(defaults: list[Default], one: Default) -> Figure:
    """The figure of a default, which is told."""
    assert one.figure is not None
    defaults.append(one)
    return one.figure


def _assumed(drawn: Sampling) -> tuple[Default, Default]:
    """The batch of a service that does not publish it, and the PUE of a data centre built for AI."""
    return (_kept_assumed if drawn.n <= N_DRAWS_KEPT else _kept_assumed.__wrapped__)(drawn)


@lru_cache(maxsize=16)
def _kept_assumed(drawn: Sampling) -> tuple[Default, Default]:
    with sampling(drawn.n, drawn.seed):
        batch = leaf(
            "unknown_batch", low=4, high=128, spread="lognormal", unit="1", kind="assumed",
            note=N_("the batch of a service is not published: 4 to 128 requests together"),
            label={"en": "Batch: requests decoded together", "zh": "批大小：同时解码的请求数"},
        )  # fmt: skip
        building = published_pue()
    unknown = N_("services do not publish it, and energy per request hangs on it: give --batch")
    for_ai = N_(
        "the range we assume for a data centre built for AI; published values run from 1.08 to 1.58"
    )
    return (
        Default("batch", "4 to 128", batch, Said("default.batch", unknown)),
        Default("pue", "1.1 to 1.3", building, Said("default.pue", for_ai)),
    )


def _given(key: str, value: float, unit: str, en: str, zh: str) -> Figure:
    return leaf(
        key, value=float(value), unit=unit, kind="assumed", note=N_("given by the user"), label={"en": en, "zh": zh}
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Kind:
    """What the chain of a request is made of beside its lengths; two that agree in all have the same tree."""

    setup: ServingSetup
    batch: Figure
    pue: Figure
    prefix_hit: float
    own: Figure | None
    drawn: Sampling
    reader: ServingSetup | None = None

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kind) and self._key == other._key

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        words = [
            (f.content_hash, f.key, f.note, tuple(f.label.items())) if f is not None else None
            for f in (self.batch, self.pue, self.own)
        ]
        return (self.setup, self.prefix_hit, self.drawn, self.reader, *words)


def _alike(
    kind: _Kind, sizes: tuple[int, ...], tokens_in: float, tokens_out: float
) -> dict[str, Figure]:
    """The chain of a request, or its end at other batches than the kind's, from one of other lengths where there was
    one: a service asks the same set-up again."""
    try:
        hash(kind)
    except TypeError:  # a model read from a file holds what it said of it
        kept = None
    else:
        kept = _tree(kind, sizes) if kind.drawn.n <= N_DRAWS_KEPT else None
    if kept is None:
        return _chain(kind, sizes, tokens_in, tokens_out)
    return kept.made({"tokens_in": tokens_in, "tokens_out": tokens_out})


@lru_cache(maxsize=64)
def _tree(kind: _Kind, sizes: tuple[int, ...]) -> Exchange:
    """The chain for lengths that nobody asked for: exchanged before it is evaluated."""
    return Exchange(_chain(kind, sizes, 1.0, 1.0), ("tokens_in", "tokens_out"))


def _chain(
    kind: _Kind, sizes: tuple[int, ...], tokens_in: float, tokens_out: float
) -> dict[str, Figure]:
    if not sizes:
        return _priced(kind, tokens_in, tokens_out)
    made: dict[str, Figure] = {}
    for b in sizes:
        at = replace(kind, batch=exact(float(b), "1", f"batch_{b}"))
        energy = _priced(at, tokens_in, tokens_out)["energy_per_request"]
        made[f"at_batch_{b}"] = energy.named(f"at_batch_{b}")
    return made


def _priced(kind: _Kind, tokens_in: float, tokens_out: float) -> dict[str, Figure]:
    """The chain of one request, from prefill to the plug of the building."""
    prompt = _given("tokens_in", tokens_in, "token/request", "Prompt", "提示")
    answer = _given("tokens_out", tokens_out, "token/request", "Answer", "回答")
    lengths = Lengths(prompt, answer, prompt + answer / 2, exact(1.0, "1", "prompt_spread"))
    busy = exact(1.0, "1", "busy_share")
    setup = kind.setup
    parts = request_parts(setup, lengths, kind.batch, busy, kind.prefix_hit, kind.own, kind.reader)
    held = parts.replica_s * exact(float(setup.accelerators_per_replica), "accelerator", "held")
    if kind.reader is not None and parts.reader_s is not None:
        readers = float(kind.reader.accelerators_per_replica)
        held = held + parts.reader_s * exact(readers, "accelerator", "held_by_readers")
    server = parts.accelerator.joined("server", parts.host)
    facility = server.at_boundary("facility", kind.pue)
    made = {
        "energy_prefill": (parts.prefill, N_("Reading the prompt (prefill)")),
        "energy_decode": (parts.decode, N_("Writing the answer (decode)")),
        "energy_per_request_accelerator": (
            parts.accelerator,
            N_("Energy per request, accelerators alone"),
        ),
        "energy_host": (parts.host, N_("Host: processors, memory, fans, network")),
        "energy_per_request_server": (server, N_("Energy per request at the server's plug")),
        "energy_cooling": (facility.beyond(server), N_("Cooling and conversion")),
        "energy_per_request": (facility, N_("Energy per request")),
        "accelerator_time": (
            held,
            N_("Accelerators times the time a request holds them"),
        ),
    }
    return {key: f.named(key, **labels(label)) for key, (f, label) in made.items()}
