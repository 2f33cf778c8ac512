"""What does a study find? One walk down the chain, from what is asked to the grid and the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from taotie.errors import RangeError, UnknownNameError, nearest
from taotie.facility.load_profile import facility_load
from taotie.facility.pue import published_pue
from taotie.fleet.annual_energy import share_of_national_use
from taotie.fleet.comparison import countries, equivalents, nearest_countries
from taotie.fleet.nation import state_generation, state_name
from taotie.grid.emissions import AT_USE, grid_loss_share, intensity
from taotie.policy.excise_tax import excise_tax
from taotie.quantity.catalog import figure
from taotie.quantity.figure import Figure, exact, leaf
from taotie.quantity.profile import Profile
from taotie.quantity.sampling import sampling
from taotie.study import workloads
from taotie.study.asked import asked_of
from taotie.study.building import Building, building
from taotie.study.bus_carbon import bus_carbon
from taotie.study.campus_chain import campus
from taotie.study.chat_chain import service_energy, serving
from taotie.study.every_bus import SHOW
from taotie.study.footprint import PER_REQUEST, named_of_year
from taotie.study.kinds import OF_REQUESTS
from taotie.study.placement import Placement, placement
from taotie.study.read import StudyFile, read_study
from taotie.study.result import Compared, Flow, StudyResult
from taotie.study.service_footprint import service_footprint
from taotie.study.service_machines import ChatService
from taotie.study.steps.step import Step, found_steps, step, walked
from taotie.study.steps.walk import Walk
from taotie.study.whereabouts import OF_A_GRID, grid_is_asked, nation_of, stand
from taotie.words.language import N_, _
from taotie.words.said import Said, in_each_language, labels

PUBLISHED_PER_REQUEST = (
    "devries2023.energy_per_request_chatgpt",
    "hoelzle2009.energy_per_search",
    "epoch2025_chatgpt.energy_per_request_gpt4o",
    "altman2025.energy_per_query_chatgpt",
    "elsworth2025_gemini.energy_per_prompt_median",
)


def run_study(
    study: StudyFile | str | Path,
    *,
    n_threads: int | None = None,
    tell: Callable[[str], None] | None = None,
) -> StudyResult:
    """Compute a study.

    Parameters
    ----------
    study : StudyFile or path
        A study file, read or to be read.
    n_threads : int, optional
        Threads of the grid search; the result does not depend on it.
    tell : callable, optional
        Told the name of each step, for a progress line.

    Returns
    -------
    StudyResult

    Raises
    ------
    StudyError
        With everything that is wrong with the file, or what stopped the walk and where.
    """
    file = study if isinstance(study, StudyFile) else read_study(study)
    with sampling(file.study.samples, file.study.seed) as chosen:
        walk = Walk(file, n_threads, tell)
        for said in file.units_read():
            walk.heed(said)
        stand(walk)
        walk.pues_of = lambda course: _pues(walk, course)
        walk.steps = (*CHAIN, *found_steps(workloads), *found_steps())
        made = walked(walk, walk.steps, file.study.workload.kind)
        return _result(
            walk, chosen, made.get("service"), made["it_load"], made["facility_load"], made["flows"],
            made["headline"], made["place"], _comparisons(walk),
        )  # fmt: skip


# ---- facility and network --------------------------------------------------------------------------


def _pues(walk: Walk, it_load: Profile) -> tuple[Figure, Figure]:
    """PUE over the hours of the load and of the worst hour, computed once a walk."""
    if walk.pues is None:
        made = _cooled(walk, it_load)
        with walk.at("facility"):
            pue = made.pue if made is not None else _pue(walk)
            walk.keep("pue", pue, N_("PUE: facility over IT energy"))
            worst = pue
            if made is not None:
                worst = walk.keep("pue_worst_hour", made.worst_pue, N_("PUE of the worst hour"))
                walk.keep("wue", made.wue, N_("Water at the site per IT energy"))
        walk.pues = pue, worst
    return walk.pues


PROMPTED = ("chat", "reasoning", "search")
"""Kinds whose request is one prompt, as that of the published figures."""
LIKE_A_COUNTRY = 0.01
"""Least share of the nearest country's electricity that is told. [1]"""


@step("pue", "facility_load", "annual")
def _building(walk: Walk, it_load: Profile) -> tuple[Figure, Profile, Figure]:
    pue, worst = _pues(walk, it_load)
    with walk.at("facility"):
        made = facility_load(it_load, pue, walk.figures["highest_it_power"], worst)
        load = Profile(made.profile.terms, it_load.step_h, labels(N_("Facility load by hour")))
        walk.keep("mean_facility_power", load.average(), N_("Mean draw of the facility"))
        connection = walk.keep(
            "connection", made.connection, N_("Connection: highest draw of the facility")
        )
        # a campus without a course draws its most whenever all of it works; the mean load is about energy
        flat = walk.study.workload.kind == "campus" and not walk.has_course
        walk.keep(
            "peak_facility_power",
            connection if flat else load.peak(),
            N_("Draw of the facility in the busiest hour"),
        )
        annual = walk.keep(
            "annual_energy",
            in_a_year(
                walk,
                (load.energy().to("MWh") / exact(load.n_hour * load.step_h / 24.0, "d")).to(
                    "TWh/a"
                ),
            ),
            N_("Electricity in a year"),
        )
    return pue, load, annual


def in_a_year(walk: Walk, rate: Figure) -> Figure:
    """A yearly rate, or as much of it as falls into the year of a run."""
    return rate if walk.year_share is None else rate * walk.year_share


def _cooled(walk: Walk, it_load: Profile) -> Building | None:
    """The building of `[facility] cooling`; None where a PUE or nothing is given."""
    cooling = walk.study.facility.cooling
    if cooling is None:
        return None
    with walk.at("facility"):
        if walk.study.facility.pue is not None:
            raise RangeError(
                _("cooling and pue are both given."), _("cooling computes the PUE from weather")
            )
        made = building(walk, it_load, cooling)
        one = exact(1.0, "1", "hour_of_the_middle_building")
        walk.profiles["pue_by_hour"] = Profile(
            ((made.hourly_pue, one),), label=labels(N_("PUE by hour of the year"))
        )
        walk.profiles["wue_by_hour"] = Profile(
            ((made.hourly_wue, exact(1.0, "L/kWh", "hour_of_water")),),
            label=labels(N_("Water by hour of the year")),
        )
    return made


def _pue(walk: Walk) -> Figure:
    """As given, of the cloud region, or the range assumed for a mine or for a building of our time."""
    if walk.study.workload.kind == "mining":
        return walk.figure(
            "facility.pue",
            lambda: published_pue("bitcoin_mining"),
            N_("what the Cambridge index takes for mines: 1.10 in its best guess, 1.01 to 1.20"),
        )
    published = walk.place.pue if walk.place is not None else None
    if published is not None:
        return walk.figure(
            "facility.pue", lambda: published.figure, N_("the operator's figure for the region")
        )
    return walk.figure(
        "facility.pue",
        published_pue,
        N_(
            "the range we assume for a data centre built for AI; published values run from 1.08 to 1.58"
        ),
    )


@step("loss", "annual_grid")
def _network(walk: Walk, annual: Figure) -> tuple[Figure, Figure]:
    with walk.at("grid"):
        where = walk.place
        loss = (
            walk.figure(
                "grid.network_loss",
                grid_loss_share,
                N_("share of US electricity lost between plant and meter"),
            )
            if where is None or where.loss.of == "USA"
            else walk.figure(
                "grid.network_loss",
                lambda: where.loss.figure,
                N_("usual share lost between plant and meter there; not looked up"),
            )
        )
        step = 1 / (1 - loss)
        annual_grid = walk.keep(
            "annual_energy_grid",
            annual.at_boundary("grid", step),
            N_("Generation it takes in a year"),
        )
    return loss, annual_grid


# ---- pictures of the flow --------------------------------------------------------------------------


@step("flows", kinds=OF_REQUESTS)
def _request_flows(walk: Walk, service: ChatService, pue: Figure, loss: Figure) -> tuple[Flow, ...]:
    """Energy of the mean request from the grid to what the accelerators do."""
    server = service.server_energy
    facility = walk.keep(
        "energy_per_request", server.at_boundary("facility", pue), N_("Energy per request")
    )
    grid = walk.keep(
        "energy_per_request_grid",
        facility.at_boundary("grid", 1 / (1 - loss)),
        N_("Energy per request, at the power station"),
    )
    return _flows(walk, grid, facility, server, service.parts)


def _flows(
    walk: Walk, grid: Figure, facility: Figure, server: Figure, parts: Mapping[str, Figure]
) -> tuple[Flow, ...]:
    def band(key: str, figure: Figure, label: str) -> str:
        walk.keep(f"flow_{key}", figure.to(grid.unit), label)
        return f"flow_{key}"

    # what the outer boundary draws beyond the inner one: a difference across a boundary, said as such
    lost = band("network", grid.beyond(facility), N_("Network losses"))
    cooling = band("cooling", facility.beyond(server), N_("Cooling and conversion"))
    flows = [
        Flow("grid", "facility", band("facility", facility, N_("Facility"))),
        Flow("grid", "network", lost),
        Flow("facility", "server", band("server", server, N_("Machines"))),
        Flow("facility", "cooling", cooling),
    ]
    if "accelerator" in parts:
        flows.append(
            Flow(
                "server",
                "accelerator",
                band("accelerator", parts["accelerator"], N_("Accelerators")),
            )
        )
        flows.append(Flow("server", "host", band("host", parts["host"], N_("Host"))))
    if "idle" in parts and parts["idle"].p95 > 0:
        flows.append(Flow("server", "idle", band("idle", parts["idle"], N_("Waiting"))))
    if "decode" in parts:
        flows.append(Flow("accelerator", "decode", band("decode", parts["decode"], N_("Decode"))))
        flows.append(
            Flow("accelerator", "prefill", band("prefill", parts["prefill"], N_("Prefill")))
        )
    return tuple(flows)


@step("flows", kinds=("campus",))
def _power_flows(
    walk: Walk,
    accelerator_power: Figure,
    host_power: Figure,
    it_load: Profile,
    pue: Figure,
    loss: Figure,
) -> tuple[Flow, ...]:
    server = walk.figures["mean_it_power"]
    facility = server.at_boundary("facility", pue)
    grid = facility.at_boundary("grid", 1 / (1 - loss))
    return _flows(
        walk, grid, facility, server, {"accelerator": accelerator_power, "host": host_power}
    )


@step("flows", kinds=("mining", "training"))
def _plain_flows(walk: Walk, it_load: Profile, pue: Figure, loss: Figure) -> tuple[Flow, ...]:
    server = walk.figures["mean_it_power"]
    facility = server.at_boundary("facility", pue)
    return _flows(walk, facility.at_boundary("grid", 1 / (1 - loss)), facility, server, {})


# ---- nation, emissions, rules, likenesses ----------------------------------------------------------


@step()
def _nation(walk: Walk, annual: Figure) -> None:
    with walk.at("fleet"):
        country = nation_of(walk)
        if not country:
            assert walk.place is not None
            walk.note(
                "nation_not_held",
                N_("The yearly electricity of {place} is not held: no share is shown."),
                place=walk.place.named,
            )
            return
        if country not in countries():
            raise UnknownNameError(
                _("country={name} is not in the table of countries.").format(name=repr(country)),
                nearest(country, countries()),
            )
        share = share_of_national_use(annual, country)
        words = share.words
        named = share.share.to("%").named(
            "share_of_nation",
            en=f"Share of the nation's electricity ({words['en']})",
            zh=f"占全国电力的份额（{words['zh']}）",
        )
        walk.figures["share_of_nation"] = named
        if walk.place is not None and walk.place.state:
            _share_of_state(walk, annual, walk.place.state)
        for rank, match in enumerate(nearest_countries(annual, 1)):
            if match.ratio.p50 < LIKE_A_COUNTRY:
                continue  # a thousandth of a small country says nothing
            name = match.label
            walk.figures[f"country_{rank + 1}"] = match.ratio.to("%").named(
                f"country_{rank + 1}",
                en=f"Share of the yearly electricity of {name['en']} ({match.year})",
                zh=f"占{name['zh']}全年用电的份额（{match.year}年）",
            )


def _share_of_state(walk: Walk, annual: Figure, state: str) -> None:
    made = (annual / state_generation(state)).to("%")
    names = in_each_language(lambda: state_name(state))
    walk.figures["share_of_state"] = made.named(
        "share_of_state",
        en=f"Share of the electricity generated in the state ({names['en']}, 2021)",
        zh=f"占该州发电量的份额（{names['zh']}，2021年）",
    )


@step()
def _emissions(walk: Walk, annual: Figure, annual_grid: Figure) -> None:
    with walk.at("grid"):
        if walk.place is not None and walk.study.grid.region is None:
            found = walk.place.intensity
        else:
            region = walk.choice(
                "grid.region",
                walk.study.grid.region,
                "USA",
                N_("the country the study is set in by default"),
            )
            found = intensity(region)
        given = walk.file.given("grid.carbon_intensity")
        average = given if given is not None else found.average
        if given is None and walk.place is None:
            walk.figure(
                "grid.carbon_intensity",
                lambda: found.average,
                N_(
                    "average of the region's generation over its life cycle; marginal intensity differs"
                ),
            )
        walk.figures["carbon_intensity"] = (
            average.named(
                "carbon_intensity", **labels(N_("Average carbon intensity of generation"))
            )
            if given is not None
            else named_of_year(found)
        )
        # electricity as used has the losses of the network in its intensity already
        at_use = given is None and found.average_basis in AT_USE
        energy = annual if at_use else annual_grid
        walk.keep(
            "annual_emissions",
            (energy * exact(1.0, "a") * average).to("tCO2e"),
            N_("Emissions of a year at the meter, average intensity")
            if at_use
            else N_("Emissions of a year with network losses, average intensity"),
        )


@step()
def _rules(walk: Walk, annual: Figure) -> None:
    if walk.study.policy.excise_tax == "none":
        return
    with walk.at("policy"):
        if walk.study.policy.excise_tax is None:
            walk.choice(
                "policy.excise_tax", None, "none", N_("no tax on computing electricity is in force")
            )
            return
        price = walk.figure(
            "policy.electricity_price",
            lambda: leaf(
                "assumed.electricity_price", low=0.05, mode=0.08, high=0.12, unit="USD/kWh", kind="assumed",
                note=N_("large US industrial customers; contracts are not published"),
                label={"en": "Price of electricity", "zh": "电价"},
            ),
            N_("large US industrial customers pay 5 to 12 cents a kWh; contracts are not published"),
        )  # fmt: skip
        year = walk.choice(
            "policy.tax_year",
            walk.study.policy.tax_year,
            2026,
            N_("from the third year on the proposed rate is 30 %"),
        )
        levy = excise_tax(annual, price.to("USD/MWh"), year, apply_to="ai")
        walk.keep("electricity_cost", levy.cost, N_("Cost of the electricity of a year"))
        walk.keep("excise_tax", levy.tax, N_("Excise tax on it (counterfactual)"))
        walk.note_texts(
            "excise_tax",
            in_each_language(
                lambda: _heading(excise_tax(annual, price.to("USD/MWh"), year, apply_to="ai"))
            ),
        )


def _heading(levy: Any) -> str:
    return f"{levy.heading}. {levy.note}"


@step()
def _likenesses(walk: Walk, headline: str, annual: Figure) -> None:
    """Everyday equivalents of one request, or of a year of a campus."""
    subject = walk.figures["energy_per_request"] if headline == "energy_per_request" else annual
    for one in equivalents(subject, low=0.01)[:5]:
        key = f"equivalent_{one.key}"
        walk.figures[key] = one.count.named(key, en=one.label["en"], zh=one.label["zh"])


def _comparisons(walk: Walk) -> tuple[Compared, ...]:
    """Published figures over ours, as the study asks for them."""
    found = []
    for i, wanted in enumerate(walk.study.report.compare):
        with walk.at("report.compare"):
            published = figure(wanted.published)
            ours = walk.figures.get(wanted.ours)
            if ours is None:
                raise UnknownNameError(
                    _("ours={name} is not a result of this study.").format(name=repr(wanted.ours)),
                    nearest(wanted.ours, walk.figures),
                )
            key = f"compared_{i + 1}"
            walk.keep(key, (published / ours).to("1"), N_("Published over ours"))
            why = Said("why", "", {}, {"en": wanted.why, "zh": wanted.why_zh or wanted.why})
            found.append(Compared(wanted.published, wanted.ours, key, why))
    return tuple(found)


def _check_show(walk: Walk, place: Placement | None) -> None:
    """Results the report is asked to open with must exist, or there is a reason that was told."""
    unlimited = place is None or place.capacity is None
    for key in walk.study.report.show:
        told = unlimited and key.startswith(OF_A_GRID)
        if key not in walk.figures and not told:
            with walk.at("report"):
                raise UnknownNameError(
                    _("show names {name}, which is not a result of this study.").format(
                        name=repr(key)
                    ),
                    nearest(key, walk.figures),
                )


SMALLEST_SHARE = 1e-3
"""A share below that is told in words: its digits say nothing. [%]"""


def _too_small(walk: Walk) -> tuple[str, ...]:
    """Shares that are shown in words, not in digits."""
    share = walk.figures.get("share_of_nation")
    if share is None or share.p95 >= SMALLEST_SHARE:
        return ()
    walk.note(
        "share_too_small",
        N_("Its share of the nation's electricity is below {most} %."),
        most=f"{SMALLEST_SHARE:g}",
    )
    return ("share_of_nation",)


# ---- the chain ---------------------------------------------------------------------------------------


@step("headline", kinds=OF_REQUESTS)
def _of_a_request(walk: Walk) -> str:
    return "energy_per_request"


@step("headline", kinds=("mining",))
def _of_a_mine(walk: Walk) -> str:
    return "mean_facility_power"


@step("headline", kinds=("campus",))
def _of_a_campus(walk: Walk) -> str:
    return "peak_facility_power" if walk.study.grid.bus == "all" else "mean_facility_power"


@step()
def _footprint(walk: Walk, facility_load: Profile, annual: Figure) -> None:
    if walk.place is not None:
        service_footprint(walk, facility_load, annual)


@step("place")
def _placed(walk: Walk, facility_load: Profile) -> Placement | None:
    return placement(walk, walk.figures["connection"]) if grid_is_asked(walk) else None


CHAIN: tuple[Step, ...] = tuple(
    one.step
    for one in (
        asked_of, serving, service_energy, campus, _of_a_request, _of_a_mine, _of_a_campus, _building, _network,
        _request_flows, _power_flows, _plain_flows, _nation, _emissions, _rules, _likenesses, _footprint, _placed, bus_carbon,
    )
)  # fmt: skip
"""The steps of the chain itself, in the order of a report; files of `study/steps` join them."""


# ---- the result --------------------------------------------------------------------------------------


def _result(
    walk: Walk,
    chosen: Any,
    service: ChatService | None,
    it_load: Profile,
    facility_load: Profile,
    flows: tuple[Flow, ...],
    headline: str,
    place: Placement | None,
    compared: tuple[Compared, ...],
) -> StudyResult:
    study = walk.study
    published = tuple(study.report.published)
    # what is printed of requests is of one prompt of a chat
    if service is not None and not published and study.workload.kind in PROMPTED:
        published = PUBLISHED_PER_REQUEST
    if service is None and place is None:
        walk.notes.append(Said("no_grid", N_("The load was not placed on a grid.")))
    _check_show(walk, place)
    hidden = _too_small(walk)
    show = tuple(k for k in study.report.show if k in walk.figures) or tuple(
        k
        for k in (
            headline, "energy_per_session", "annual_energy", "peak_facility_power", "connection", "accelerators",
            "share_of_nation",
            "annual_emissions", "bus_carbon_average", "bus_carbon_marginal", *PER_REQUEST, "load_hosting_capacity", "share_of_capacity",
            *(SHOW if study.grid.bus == "all" else ()),
        )
        if k in walk.figures and k not in hidden
    )  # fmt: skip
    return StudyResult(
        title={"en": study.title, "zh": study.title_zh or study.title},
        study=study.model_dump(mode="json", exclude_none=True),
        sampling=chosen,
        figures=walk.figures,
        headline=headline,
        profiles={"it_load": it_load, "facility_load": facility_load, **walk.profiles},
        flows=flows,
        published=published,
        published_beside="energy_per_request" if service is not None else "",
        comparisons=compared,
        request_energy_wh=service.request_quantiles_wh if service is not None else None,
        grid=place.picture if place is not None else None,
        show=show,
        defaults=tuple(walk.defaults),
        warnings=tuple(walk.warnings),
        notes=tuple(walk.notes),
        files=tuple(walk.files),
    )
