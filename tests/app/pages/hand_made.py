"""A hand-made result with every part a report can show, and published figures of its own."""

from __future__ import annotations

import numpy as np

from taotie.errors import SourceError
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.quantity.sampling import Sampling, sampling
from taotie.quantity.source import Source
from taotie.study.result import Default, Flow, GridPicture, Said, StudyResult

VRIES = Source(
    key="devries2023", title="The growing energy footprint of artificial intelligence", author="A. de Vries",
    where="Joule 7(10)", date="2023", doi="10.1016/j.joule.2023.09.004", access="quoted",
)  # fmt: skip
EPOCH = Source(
    key="epoch2025", title="How much energy does ChatGPT use?", author="Epoch AI", date="2025",
    url="https://epoch.ai/", access="memory",
)  # fmt: skip
MEASURED = Source(
    key="lab2024", title="Power of a node under load", author="A laboratory", date="2024",
    access="read", read_on="2026-11-22", licence="CC-BY-4.0", url="javascript:alert(1)",
)  # fmt: skip


def published(key: str) -> Figure:
    """What the catalogue would give, without the catalogue."""
    made = {
        "devries2023.energy_per_request_chatgpt": {
            "value": 2.9, "unit": "Wh/request", "boundary": "server", "kind": "estimated", "bound": "at_most",
            "source": VRIES, "label": {"en": "One ChatGPT request, 2023", "zh": "2023 年一次 ChatGPT 请求"},
        },
        "epoch2025.energy_per_query": {
            "low": 0.1, "high": 0.9, "unit": "Wh/request", "boundary": "facility", "kind": "modelled", "source": EPOCH,
            "label": {"en": "One GPT-4o query", "zh": "一次 GPT-4o 查询"},
        },
        "lab2024.joules_per_request": {
            "value": 5400, "unit": "J/request", "boundary": "accelerator", "kind": "measured", "source": MEASURED,
            "label": {"en": "Measured on one node", "zh": "在一个节点上测得"},
        },
    }  # fmt: skip
    if key not in made:
        raise SourceError(f"no figure {key}")
    return leaf(key, **made[key])


def ring_grid(n_bus: int = 30, n_branch: int = 41, seed: int = 3) -> GridPicture:
    """Buses on a ring with chords, loadings drawn at random, some ratings unknown."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, n_bus, endpoint=False)
    radius = 1 + 0.25 * rng.random(n_bus)
    start = np.r_[np.arange(n_bus), rng.integers(0, n_bus, max(n_branch - n_bus, 0))]
    end = np.r_[(np.arange(n_bus) + 1) % n_bus, rng.integers(0, n_bus, max(n_branch - n_bus, 0))]
    loading = rng.beta(2, 2.5, len(start)) * 1.15
    loading[::9] = np.nan
    loading[4] = 1.0
    return GridPicture(
        x=1.4 * radius * np.cos(angle),
        y=radius * np.sin(angle),
        branch_from=start,
        branch_to=end,
        loading=loading,
        bus=7,
        case="case30",
        placed_by=Said("layout", "The case has no coordinates: buses are placed by a layout."),
        binding_branch=4,
        binding_outage=10,
    )


def make_result(**changes: object) -> StudyResult:
    """A result with every part, numbers close to those of a chat service."""
    with sampling(2_000, 7) as chosen:
        decode = leaf(
            "decode", low=0.5, high=1.6, unit="Wh/request", boundary="accelerator", kind="measured", source=MEASURED,
            label={"en": "Decode energy", "zh": "解码能耗"},
        )  # fmt: skip
        prefill = leaf(
            "prefill", low=0.05, high=0.3, unit="Wh/request", boundary="accelerator", kind="modelled", note="fit",
            label={"en": "Prefill energy", "zh": "预填充能耗"},
        )  # fmt: skip
        idle = leaf(
            "idle", low=0.02, mode=0.1, high=0.4, unit="Wh/request", boundary="accelerator", kind="assumed",
            note="between requests", label={"en": "Idle energy", "zh": "空闲能耗"},
        )  # fmt: skip
        host = leaf(
            "host_share", low=1.2, mode=1.3, high=1.5, unit="1", kind="estimated", source=EPOCH,
            label={"en": "Host over accelerators", "zh": "主机与加速器之比"},
        )  # fmt: skip
        pue = leaf(
            "pue", low=1.08, mode=1.2, high=1.4, unit="1", kind="estimated", source=EPOCH,
            label={"en": "PUE", "zh": "PUE"},
        )  # fmt: skip
        loss = leaf(
            "network", low=1.04, mode=1.05, high=1.07, unit="1", kind="estimated", source=VRIES,
            label={"en": "Network losses", "zh": "网损"},
        )  # fmt: skip
        requests = leaf(
            "requests", low=1.5e8, mode=1.95e8, high=2.5e8, unit="request/d", kind="estimated", source=VRIES,
            label={"en": "Requests per day", "zh": "每天请求数"},
        )  # fmt: skip
        chips = (decode + prefill + idle).named(
            "accelerator_energy", en="Energy at the accelerators", zh="加速器能耗"
        )
        server = chips.at_boundary("server", host).named(
            "server_energy", en="Energy at the servers", zh="服务器能耗"
        )
        facility = server.at_boundary("facility", pue).named(
            "energy_per_request", en="Energy per request", zh="每次请求能耗"
        )  # fmt: skip
        whole = facility.at_boundary("grid", loss).named(
            "grid_energy", en="Energy at the power plant", zh="发电侧能耗"
        )
        # the step between two boundaries, said at the outer one, so that a node adds up
        host_part = (chips * (host - 1)).named(
            "flow.host", en="Processors, memory, fans", zh="处理器、内存、风扇"
        )
        cooling = (server * (pue - 1)).named(
            "flow.cooling", en="Cooling and losses", zh="冷却与损耗"
        )
        network = (facility * (loss - 1)).named("flow.network", en="Network losses", zh="网损")
        annual = (facility * requests).to("TWh/a").named(
            "annual_energy", en="Energy per year", zh="年用电量"
        )  # fmt: skip
        load = (server * requests).to("MW").named("it_load", en="Mean IT load", zh="平均 IT 负荷")
        hours = np.arange(24)
        shape = 1 + 0.35 * np.sin((hours - 9) / 24 * 2 * np.pi)
        it = Profile(((shape, load),), label={"en": "IT load", "zh": "IT 负荷"})
        meter = it.at_boundary("facility", pue)
        meter = Profile(meter.terms, label={"en": "Load at the meter", "zh": "电表处负荷"})
        led = (facility * exact(1.0, "request") / exact(9.0, "W", key="led")).to("min").named(
            "equivalent.led", en="a 9 W LED lamp alight", zh="9 W LED 灯点亮"
        )  # fmt: skip
        hosting = leaf(
            "hosting_capacity_n1", value=212.5, unit="MW", boundary="facility", kind="modelled", note="search",
            label={"en": "Extra load the bus can host (N-1)", "zh": "该节点可接入的新增负荷(N-1)"},
        )  # fmt: skip
        prompt = leaf(
            "tokens",
            value=1155,
            unit="token/request",
            kind="measured",
            source=MEASURED,
            bound="mean",
        )
    figures = {
        f.key: f
        for f in (
            decode, prefill, idle, chips, host_part, server, cooling, facility, network, whole, annual, load, led,
            hosting,
        )
    }  # fmt: skip
    fields: dict[str, object] = {
        "title": {"en": "A chat service, from prompt to grid", "zh": "一项聊天服务:从提示词到电网"},
        "study": {"workload": {"kind": "chat"}, "facility": {"pue": [1.08, 1.2, 1.4]}},
        "sampling": Sampling(chosen.n, chosen.seed),
        "figures": figures,
        "headline": "energy_per_request",
        "profiles": {"it_load": it, "facility_load": meter},
        "flows": (
            Flow("decode", "accelerator", "decode"),
            Flow("prefill", "accelerator", "prefill"),
            Flow("idle", "accelerator", "idle"),
            Flow("accelerator", "server", "accelerator_energy"),
            Flow("host", "server", "flow.host"),
            Flow("server", "facility", "server_energy"),
            Flow("cooling", "facility", "flow.cooling"),
            Flow("facility", "grid", "energy_per_request"),
            Flow("network", "grid", "flow.network"),
        ),
        "published": (
            "devries2023.energy_per_request_chatgpt",
            "epoch2025.energy_per_query",
            "lab2024.joules_per_request",
            "nobody1999.nothing",
        ),
        "published_beside": "energy_per_request",
        "request_energy_wh": np.quantile(
            np.random.default_rng(1).lognormal(np.log(0.9), 0.8, 5000), np.linspace(0, 1, 101)
        ),
        "grid": ring_grid(),
        "show": ("annual_energy", "it_load", "hosting_capacity_n1", "server_energy"),
        "defaults": (
            Default("facility.pue", "1.08 to 1.4", pue, Said("pue", "No PUE given: the range of large sites.")),
            Default("workload.prompt_tokens", "1155", prompt, Said("tokens", "No lengths given.")),
            Default("study.samples", "2000", None, Said("samples", "Number of draws.")),
        ),
        "warnings": (Said("trace", "The request trace {name} was not found.", {"name": "azure-2023"}),),
        "notes": (Said("decode", "Batches hold 32 requests at most."),),
        "files": (
            {
                "name": "azure/conv.csv", "sha256": "ab" * 32, "bytes": 777120, "role": "request trace",
                "licence": "CC-BY-4.0", "citation": "Patel et al., Splitwise, ISCA 2024",
            },
        ),
    }  # fmt: skip
    fields.update(changes)
    return StudyResult(**fields)  # type: ignore[arg-type]
