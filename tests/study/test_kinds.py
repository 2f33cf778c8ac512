"""Every kind of workload walks the whole chain, and gives what its own question gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from taotie.answer.embed import embed
from taotie.answer.generate import generate
from taotie.answer.prompt import prompt
from taotie.answer.train import train
from taotie.compute.energy.cached_prompt import prefill_beyond_cache
from taotie.compute.energy.energy_per_request import prefill_of
from taotie.compute.energy.model_architecture import model_architecture
from taotie.compute.energy.serving_setup import ServingSetup
from taotie.compute.mining_energy import PUE_BEST, PUE_LOWER, PUE_UPPER, mining_power_gw
from taotie.errors import StudyError
from taotie.hardware.accelerator import accelerator
from taotie.quantity.evaluation import leaves
from taotie.study.kinds import KINDS
from taotie.study.result import StudyResult
from taotie.study.result_file import check_result
from taotie.study.run import run_study

SMALL = 'title = "x"\nsamples = 200\n'
MODEL = (
    '[compute]\nmodel = "llama-3.1-8b"\naccelerators_per_replica = 1\nserving = "mean-request"\n'
)


def _run(folder: Path, text: str) -> StudyResult:
    path = folder / "s.toml"
    path.write_text(SMALL + text, encoding="utf-8")
    return run_study(path)


def _refused(folder: Path, text: str) -> str:
    with pytest.raises(StudyError) as error:
        _run(folder, text)
    return str(error.value)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("reasoning", MODEL), ("search", MODEL), ("agents", MODEL),
        ("batch", '[compute]\nmodel = "llama-3.1-8b"\n'), ("embedding", ""), ("picture", ""), ("film", ""),
        ("training", "accelerators = 1000\ndays = 30\n"), ("mining", "hash_rate = 5e6\n"),
    ],
)  # fmt: skip
def test_worked_every_kind_reaches_the_meter_and_the_grid(
    tmp_path: Path, kind: str, more: str
) -> None:
    figures = _run(tmp_path, f'[workload]\nkind = "{kind}"\n{more}').figures
    assert figures["annual_energy"].p50 > 0
    keys = ("connection", "peak_facility_power", "mean_facility_power")
    connection, peak, mean = (figures[key].to("MW").samples for key in keys)
    assert (connection >= peak * (1 - 1e-9)).all()
    assert (peak >= mean * (1 - 1e-9)).all()
    assert figures["annual_energy_grid"].p50 > figures["annual_energy"].p50
    assert figures["annual_emissions"].p50 > 0
    assert kind in KINDS


def test_matches_a_picture_and_a_film_are_those_of_generate(tmp_path: Path) -> None:
    """Without waiting machines: the same joules at accelerators and hosts, from the same figures."""
    for kind, name in (("picture", "flux.1-dev"), ("film", "wan2.1-t2v-14b")):
        ours = _run(tmp_path, f'[workload]\nkind = "{kind}"\n').figures
        theirs = generate(name, on="h100-sxm", samples=200).figures
        for key in ("energy_per_request_accelerator", "energy_host"):
            assert ours[key].p50 == pytest.approx(theirs[key].p50, rel=1e-12)
        assert ours["energy_per_request_server"].p50 > theirs["energy_per_request_server"].p50


def test_matches_an_embedding_is_that_of_embed(tmp_path: Path) -> None:
    ours = _run(tmp_path, '[workload]\nkind = "embedding"\nrequests_per_day = 1e8\n').figures
    theirs = embed(samples=200).figures
    for key in ("energy_per_request_accelerator", "energy_host"):
        assert ours[key].p50 == pytest.approx(theirs[key].p50, rel=1e-12)


def test_matches_a_training_run_is_that_of_train(tmp_path: Path) -> None:
    work = "accelerators = 16384\nparameters = 405e9\ntraining_tokens = 15.6e12\n"
    ours = _run(tmp_path, f'[workload]\nkind = "training"\n{work}').figures
    theirs = train(accelerators=16384, params="dense=405e9", tokens=15.6e12, samples=200).figures
    assert ours["training_energy"].p50 == pytest.approx(theirs["energy"].p50, rel=1e-12)
    assert ours["wall_hours"].p50 == pytest.approx(theirs["wall_hours"].p50, rel=1e-12)
    # it ends within its year, so the year takes all of it, and no more
    year = ours["annual_energy"].to("MWh/a").p50
    assert year == pytest.approx(ours["training_energy"].to("MWh").p50, rel=1e-9)


def test_matches_a_training_run_by_its_model(tmp_path: Path) -> None:
    work = '[workload]\nkind = "training"\ntraining_tokens = 14.8e12\n[compute]\nmodel = "deepseek-v3"\n'
    ours = _run(tmp_path, work).figures
    theirs = train(model="deepseek-v3", tokens=14.8e12, samples=200).figures
    assert ours["training_energy"].p50 == pytest.approx(theirs["energy"].p50, rel=1e-12)
    twice = work.replace("[compute]", "parameters = 37e9\n[compute]")
    with pytest.raises(StudyError, match="its own parameters"):
        _run(tmp_path, twice)


def test_worked_a_run_longer_than_a_year_takes_a_year_of_it(tmp_path: Path) -> None:
    text = '[workload]\nkind = "training"\naccelerators = 1000\ndays = 730\n[facility]\npue = 1.2\n'
    figures = _run(tmp_path, text).figures
    half = figures["training_energy"].to("MWh").p50 / 2
    assert figures["annual_energy"].to("MWh/a").p50 == pytest.approx(half, rel=1e-9)


def test_published_a_mine_is_hash_rate_times_efficiency(tmp_path: Path) -> None:
    """The whole network at Cambridge's 28.2 J/TH and 622 EH/s: 17.5 GW."""
    figures = _run(tmp_path, '[workload]\nkind = "mining"\nhash_rate = 622e6\n').figures
    ours = figures["mean_it_power"].to("GW").p50
    assert ours == pytest.approx(float(mining_power_gw(0.0282, 622e6)), rel=1e-9)
    assert round(ours, 1) == 17.5


def test_published_a_mine_adds_what_the_index_adds_to_the_draw_of_machines(tmp_path: Path) -> None:
    """1.01, 1.10 and 1.20 of the lower, best and upper estimate: no PUE of a building for AI."""
    text = '[workload]\nkind = "mining"\nhash_rate = 622e6\n'
    result = _run(tmp_path, text)
    pue = result.figures["pue"]
    assert abs(pue.p50 - PUE_BEST) < 0.01
    assert PUE_LOWER < pue.p05 < pue.p95 < PUE_UPPER
    assert pue.p95 < 1.18
    (said,) = [d for d in result.defaults if d.key == "facility.pue"]
    assert "Cambridge" in said.reason.text()
    assert _run(tmp_path, text + "[facility]\npue = 1.3\n").figures["pue"].p50 == 1.3


def test_worked_thought_comes_on_top_of_what_is_shown(tmp_path: Path) -> None:
    given = "output_tokens = 300\nthought_tokens = 1700\nprompt_tokens = 300\n"
    thinks = _run(
        tmp_path, f'[workload]\nkind = "reasoning"\nrequests_per_day = 1e6\n{given}{MODEL}'
    )
    chat = "output_tokens = 2000\nprompt_tokens = 300\n"
    writes = _run(tmp_path, f'[workload]\nkind = "chat"\nrequests_per_day = 1e6\n{chat}{MODEL}')
    one, other = (r.figures["energy_per_request"].p50 for r in (thinks, writes))
    assert thinks.figures["output_tokens"].p50 == 2000
    assert one == pytest.approx(other, rel=1e-9)


def test_worked_agents_are_sessions_times_turns_times_calls(tmp_path: Path) -> None:
    counts = "sessions_per_day = 1000\nturns_per_session = 4\ntool_calls_per_turn = 9\n"
    lengths = "prompt_tokens = 20000\noutput_tokens = 500\ncached_share = 0.9\n"
    figures = _run(tmp_path, f'[workload]\nkind = "agents"\n{counts}{lengths}{MODEL}').figures
    assert figures["calls_per_session"].p50 == 40
    daily = figures["daily_energy_server"].to("Wh/d").p50
    each = figures["energy_per_request_server"].p50
    assert daily == pytest.approx(40_000 * each, rel=1e-9)
    assert figures["energy_per_session"].to("Wh").p50 == pytest.approx(
        40 * figures["energy_per_request"].p50, rel=1e-9
    )


def test_property_a_cache_saves_reading_but_not_looking_back() -> None:
    """Half of a long prompt cached: less than the whole, more than the half that is new."""
    setup = ServingSetup(model_architecture("llama-3.1-8b"), accelerator("h100-sxm"))
    for tokens in (1_000.0, 30_000.0, 100_000.0):
        whole, half = (float(prefill_of(setup, t).energy_j[0]) for t in (tokens, tokens / 2))
        cached = float(prefill_beyond_cache(setup, tokens, 0.5).energy_j[0])
        assert half <= cached < whole
    assert cached > 1.5 * half  # at 100,000 tokens attention is most of the work
    none = float(prefill_beyond_cache(setup, tokens, 0.0).energy_j[0])
    assert none == whole


MIX = (
    '[workload]\nkind = "mix"\nrequests_per_day = 1e7\n'
    "[workload.parts.chat]\nshare = {a}\n[workload.parts.picture]\nshare = {b}\n"
)


def test_worked_a_mix_is_the_sum_of_its_kinds(tmp_path: Path) -> None:
    mixed = _run(tmp_path, MIX.format(a=0.9, b=0.1) + MODEL).figures
    alone = {
        "chat": _run(tmp_path, f"[workload]\nrequests_per_day = 9e6\n{MODEL}").figures,
        "picture": _run(tmp_path, '[workload]\nkind = "picture"\nrequests_per_day = 1e6\n').figures,
    }
    for key in ("mean_it_power", "accelerators", "highest_it_power"):
        together = sum(f[key].to(mixed[key].unit).samples for f in alone.values())
        assert mixed[key].samples == pytest.approx(np.asarray(together), rel=1e-9)
    shares = sum(mixed[f"{k}_share_of_energy"].samples for k in alone)
    assert np.allclose(shares, 100.0)


def test_error_shares_that_do_not_add_up(tmp_path: Path) -> None:
    said = _refused(tmp_path, MIX.format(a=0.9, b=0.2))
    assert "add up to 1.1" in said
    assert "chat = 0.8182" in said


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[workload]\nkind = "picture"\nprompt_tokens = 300\n', '"chat" or "reasoning"'),
        ('[workload]\nkind = "chat"\nframes = 81\n', 'write kind = "film"'),
        ('[workload]\nkind = "agents"\nrequests_per_day = 1e6\n', "does not read it"),
        ('[workload]\nkind = "agents"\ncached_share = 1.2\n', "outside 0 to 0.9999"),
        ('[workload]\nkind = "mining"\n', "hash rate or by its power"),
        ('[workload]\nkind = "training"\n', "a run is described in one way"),
        ('[workload]\nkind = "mix"\n', "a mix has no parts"),
        ('[workload]\nkind = "reasoning"\nthought_tokens = 9\nthought_multiplier = 2\n', "both given"),
        ('[workload]\nkind = "agents"\n[compute]\nserving = "simulated"\n', "leave it out"),
        ("[facility]\nsea_swing = 6\n", "no sea water cools"),
        ('[facility]\ncooling = "air"\nsea_temperature = 9\n', "no sea water cools"),
        ('[compute]\nmodel = "gpt-5"\nslo = "tpot=50ms"\n', "is closed"),
        (MIX.format(a=0.9, b=0.1).replace("share = 0.1", "share = 0.1\nframes = 3"), "parts.picture"),
    ],
)  # fmt: skip
def test_error_one_sentence_and_a_hint(tmp_path: Path, text: str, word: str) -> None:
    said = _refused(tmp_path, text)
    assert word in said
    assert "Traceback" not in said


def test_matches_a_closed_model_is_that_of_prompt(tmp_path: Path) -> None:
    lengths = "requests_per_day = 1e6\nprompt_tokens = 500\noutput_tokens = 400\n"
    study = _run(
        tmp_path, f'[workload]\n{lengths}[compute]\nmodel = "gpt-4o"\n[facility]\npue = 1.2\n'
    )
    theirs = prompt("gpt-4o", tokens_in=500, tokens_out=400, pue=1.2, seed=20240409, samples=200)
    ours = study.figures["energy_per_request"].value
    other = theirs.figures["energy_per_request"].value
    for point in ("p05", "p50", "p95"):
        assert getattr(ours, point) == pytest.approx(getattr(other, point), rel=0.06)
    assert any(w.code == "closed_model" for w in study.warnings)
    assert study.figures["energy_per_request_accelerator"].kind == "assumed"
    assert ours.p95 / ours.p05 > 6


@pytest.mark.parametrize(
    ("keys", "settings"),
    [
        ("draft = 3\nacceptance = 0.6\n", {"draft": 3, "acceptance": 0.6}),
        ("data_parallel = 2\n", {"data_parallel": 2}),
        ('software_date = "2026-05-20"\n', {"software_date": "2026-05-20"}),
        (
            'draft = 4\nacceptance = 0.7\ndraft_model = "llama-3.1-8b"\n',
            {"draft": 4, "acceptance": 0.7, "draft_model": "llama-3.1-8b"},
        ),
        ('runtime = "sglang"\n', {"runtime": "sglang"}),
    ],
)
def test_matches_a_set_up_is_worth_what_it_is_in_prompt(
    tmp_path: Path, keys: str, settings: dict[str, object]
) -> None:
    chat = '[workload]\nkind = "chat"\nrequests_per_day = 1e6\n[compute]\nmodel = "llama-3.1-70b"\n'
    chat += 'accelerators_per_replica = 4\nserving = "mean-request"\nbatch_size = 32\n'
    usual, given = _run(tmp_path, chat), _run(tmp_path, chat + keys)
    asked = {"model": "llama-3.1-70b", "on": "4xh100", "batch": 32, "tokens_in": 1156, "tokens_out": 211}  # fmt: skip
    in_prompt = [prompt(**asked, **more).figures["energy_decode"].p50 for more in ({}, settings)]
    ratio = given.figures["energy_decode"].p50 / usual.figures["energy_decode"].p50
    assert ratio == pytest.approx(in_prompt[1] / in_prompt[0], rel=0.05)
    assert abs(ratio - 1) > 0.002
    said = {n.code for n in given.notes}
    assert ("not_measured.drafts" in said) == ("draft" in settings)
    assert ("drafts.own_layer" in said) == ("draft" in settings and "draft_model" not in settings)


CHAT = (
    '[workload]\nkind = "chat"\nrequests_per_day = 5e6\n[compute]\nmodel = "llama-3.1-70b"\n'
    'accelerator = "h200-sxm"\naccelerators_per_replica = 4\n'
)


def test_matches_two_pools_are_worth_what_they_are_in_prompt(tmp_path: Path) -> None:
    """Each part as in a question for one request; machines of both pools are counted, and drawn while they wait."""
    batch = "batch_size = 32\n"
    made = _run(tmp_path, CHAT + batch + 'prefill_on = "h100-sxm:4"\n').figures
    asked = {"model": "llama-3.1-70b", "on": "4xh200", "batch": 32, "tokens_in": 1156, "tokens_out": 211}  # fmt: skip
    one = prompt(**asked, prefill_on="h100-sxm:4", samples=200).figures
    assert made["energy_decode"].p50 == pytest.approx(one["energy_decode"].p50, rel=0.03)
    # prompts of many lengths are dearer than one of their mean: attention grows with the square
    assert 1.0 < made["energy_prefill"].p50 / one["energy_prefill"].p50 < 1.15
    held = made["accelerators"].p50
    assert held == 4 * (made["replicas"].p50 + made["prefill_replicas"].p50)
    more = _run(tmp_path, CHAT + batch + 'prefill_on = "h100-sxm:4"\nprefill_replicas = 40\n')
    assert more.figures["prefill_replicas"].p50 == 40 > made["prefill_replicas"].p50
    assert more.figures["energy_idle"].p50 > 1.5 * made["energy_idle"].p50
    assert more.figures["energy_prefill"].p50 == pytest.approx(made["energy_prefill"].p50)
    assert {"two_pools", "closed_form_two_pools", "hardware_of_writers"} >= {
        n.code for n in more.notes if "pool" in n.code or "hardware" in n.code
    }


def test_relation_a_pool_that_only_writes_needs_fewer_replicas(tmp_path: Path) -> None:
    one = _run(tmp_path, CHAT + 'serving = "mean-request"\n').figures
    two = _run(tmp_path, CHAT + "prefill_replicas = 20\n").figures
    assert two["replicas"].p50 < one["replicas"].p50
    assert two["prefill_replicas"].p50 == 20


@pytest.mark.parametrize(
    ("keys", "hint"),
    [
        ("prefill_replicas = 1\n", "prefill_replicas = "),
        ('prefill_on = "h100:x"\n', 'prefill_on = "h100-sxm:8"'),
        ('prefill_on = "h100-sxm:4"\nserving = "simulated"\n', "--prefill-replicas 2"),
    ],
)
def test_error_two_pools(tmp_path: Path, keys: str, hint: str) -> None:
    assert hint in _refused(tmp_path, CHAT + keys)


def test_relation_drafts_need_fewer_replicas(tmp_path: Path) -> None:
    """Of four tokens checked a step some are kept: a replica answers more requests in the same time."""
    plain = _run(tmp_path, CHAT + 'serving = "mean-request"\nbatch_size = 8\n').figures
    drafts = _run(
        tmp_path,
        CHAT + 'serving = "mean-request"\nbatch_size = 8\ndraft = 3\nacceptance = 0.8\n',
    ).figures
    assert drafts["replicas"].p50 < 0.8 * plain["replicas"].p50


def test_worked_a_job_is_written_and_computes_again(tmp_path: Path) -> None:
    run = _run(tmp_path, '[workload]\nkind = "batch"\n[compute]\nmodel = "llama-3.1-8b"\n')
    run.write_json(tmp_path / "result.json")
    assert check_result(tmp_path / "result.json")[1] == []


def test_error_an_acceptance_without_a_draft(tmp_path: Path) -> None:
    words = _refused(tmp_path, '[workload]\nkind = "chat"\n[compute]\nacceptance = 0.5\n')
    assert "acceptance" in words
    assert "draft = 3" in words


def test_property_requests_spread_around_the_mean_of_the_study(tmp_path: Path) -> None:
    """Its own lengths, not those of the chat the built-in ones are fitted to; of cached prompts no spread is told."""
    lengths = "requests_per_day = 1e6\nprompt_tokens = 40000\noutput_tokens = 2000\n"
    long = _run(tmp_path, f"[workload]\n{lengths}{MODEL}")
    spread, mean = long.request_energy_wh, long.figures["energy_per_request_accelerator"].p50
    assert spread is not None
    assert spread[5] < mean < spread[95]
    agents = _run(tmp_path, f'[workload]\nkind = "agents"\nsessions_per_day = 1000\n{MODEL}')
    assert agents.request_energy_wh is None
    # and no printed prompt of a chat stands beside a call of an agent
    assert agents.published == ()
    assert long.published


def test_worked_agents_and_jobs_of_a_closed_model(tmp_path: Path) -> None:
    """Both reach the meter, say what was taken for granted, and a job takes less a request than a chat of its lengths."""
    closed = '[compute]\nmodel = "claude-sonnet-4"\n'
    known = _run(tmp_path, f'[workload]\nkind = "agents"\nsessions_per_day = 1000\n{MODEL}')
    assert {"closed_form"} <= {n.code for n in known.notes}
    agents = _run(tmp_path, f'[workload]\nkind = "agents"\nsessions_per_day = 1000\n{closed}')
    assert {"closed_cache"} <= {n.code for n in agents.notes}
    assert agents.figures["energy_per_session"].p50 > agents.figures["energy_per_request"].p50
    lengths = "requests_per_day = 1e6\nprompt_tokens = 500\noutput_tokens = 400\n"
    job = _run(tmp_path, f'[workload]\nkind = "batch"\n{lengths}{closed}')
    chat = _run(tmp_path, f"[workload]\n{lengths}{closed}")
    assert {"closed_job"} <= {n.code for n in job.notes}
    assert "job_hours" not in job.figures
    assert job.figures["energy_per_request"].p50 < 0.8 * chat.figures["energy_per_request"].p50


def test_worked_a_job_nobody_waits_for_takes_the_cleanest_hours(tmp_path: Path) -> None:
    """California's noon: a job of few hours saves more than one that takes nearly all day."""
    text = (
        '[workload]\nkind = "batch"\nrequests_per_day = {n}\n[compute]\nmodel = "llama-3.1-8b"\n'
        '[place]\nregion = "California"\n'
    )
    few, many = (_run(tmp_path, text.format(n=n)).figures for n in (1e5, 1.9e6))
    assert 1 <= few["job_hours"].p50 < many["job_hours"].p50 <= 24
    assert few["carbon_left_out"].p50 > 20 > many["carbon_left_out"].p50 >= 0
    nowhere = _run(tmp_path, text.format(n=1e5).split("[place]")[0]).figures
    assert "carbon_left_out" not in nowhere


def test_worked_a_mix_of_unlike_machines_is_written_and_recomputed(tmp_path: Path) -> None:
    """Regression: counts of the same name of two parts made one figure of two, found only when written."""
    path = tmp_path / "mix.toml"
    path.write_text(
        'title = "m"\nsamples = 200\n[workload]\nkind = "mix"\nrequests_per_day = 1e7\n'
        '[workload.parts.chat]\nshare = 0.5\nmodel = "gpt-5"\n[workload.parts.batch]\nshare = 0.3\n'
        '[workload.parts.embedding]\nshare = 0.2\n[compute]\nmodel = "llama-3.1-8b"\n'
    )
    result = run_study(path)
    result.write_json(tmp_path / "result.json")
    n, different = check_result(tmp_path / "result.json")
    assert (n > 30, different) == (True, [])
    # a closed model's machines are not known, so the whole's are not: said, and not a sum of the others
    assert "replicas" not in result.figures
    assert "not_summed_replicas" in {note.code for note in result.notes}


@pytest.mark.slow
def test_worked_a_mix_is_simulated_part_by_part(tmp_path: Path) -> None:
    """Two kinds of text on machines of their own: each has its own ratio of simulated to mean request."""
    text = (
        '[workload]\nkind = "mix"\nrequests_per_day = 4e3\n[workload.parts.chat]\nshare = 0.9\n'
        'model = "llama-3.1-8b"\n[workload.parts.search]\nshare = 0.1\nmodel = "qwen3-32b"\n'
        '[compute]\naccelerator = "h100-sxm"\nserving = "simulated"\n'
    )
    found = _run(tmp_path, text)
    keys = {leaf.key for leaf in leaves(found.figures["energy_per_request"])}
    assert {
        "chat.simulated_over_mean_request.decode",
        "search.simulated_over_mean_request.decode",
    } <= keys


def test_worked_a_text_without_a_unit_says_what_it_was_read_as(tmp_path: Path) -> None:
    text = '[workload]\nkind = "mining"\npower = {}\n[facility]\npue = "1.1"\n'
    said = [w.text() for w in _run(tmp_path, text.format('"300"')).warnings]
    assert said == ['workload.power = "300" has no unit: it was read as 300 MW.']
    for clear in ('"300 MW"', "300", '{ value = 300, unit = "MW" }'):
        assert not _run(tmp_path, text.format(clear)).warnings
    # of a part of a mix once, and of what all parts share once
    mix = (
        MODEL + '[workload]\nkind = "mix"\nrequests_per_day = "1e6"\n'
        '[workload.parts.chat]\nshare = 0.5\nprompt_tokens = "500"\n[workload.parts.search]\nshare = 0.5\n'
    )
    codes = [w.values["key"] for w in _run(tmp_path, mix).warnings if w.code == "unit_read"]
    assert sorted(codes) == ["chat.workload.prompt_tokens", "workload.requests_per_day"]


def test_worked_hours_in_which_nobody_asks_are_said(tmp_path: Path) -> None:
    text = MODEL + '[workload]\nkind = "chat"\nrequests_per_day = 1e6\ndaily_shape = {}\n'
    day = [0] * 8 + [1] * 12 + [0] * 4
    said = {w.code: w.text() for w in _run(tmp_path, text.format(day)).warnings}
    assert "In 12 of the 24 hours" in said["hours_without_requests"]
    full = _run(tmp_path, text.format([0.001] * 8 + [1] * 16)).warnings
    assert "hours_without_requests" not in {w.code for w in full}
