"""`taotie fleet`, `mine` and `train`: JSON as promised, exit codes, pages, mistakes named."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from taotie.app.charts.fleet_charts import published_picture
from taotie.app.cli import fleet, mine, train
from taotie.errors import DataError, RangeError, TaotieError, UnknownNameError
from taotie.fleet.scenario import read_scenario


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    made = typer.Typer()
    for command in (fleet, mine, train):
        command.register(made)
    return made


def run(app: typer.Typer, *words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(w) for w in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def data(app: typer.Typer, *words: object, code: int = 0):
    return json.loads(run(app, *words, "--json", code=code))


# ---- fleet ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def forecast(app: typer.Typer):
    return data(app, "fleet", "--samples", 2000)


def test_worked_json_of_a_forecast(forecast) -> None:
    assert forecast["years"] == list(range(2024, 2036))
    assert (forecast["region"], forecast["vintage"]) == ("world", "2026-04-22")
    assert set(forecast["scopes"]) == {"ai_chips_rated", "ai_servers", "ai_facilities"}
    for one in forecast["scopes"].values():
        assert one["unit"] in ("GW", "TWh/a")
        low, middle, high = (np.array(one[k]) for k in ("p05", "p50", "p95"))
        assert (low <= middle).all()
        assert (middle <= high).all()
        assert len(low) == 12
    assert {"name", "year", "value", "low", "high", "scope"} <= set(forecast["published"][0])
    scopes = {p["scope"] for p in forecast["published"]}
    assert {"ai_servers", "data_centers", "data_centers_with_crypto", "bitcoin"} <= scopes
    assert max(forecast["drivers"], key=forecast["drivers"].get) == "taotie_fleet2026.growth_path"
    assert "net generation" in forecast["shares"][0]["of"]
    assert list(forecast["figures"]) == ["energy_2026", "energy_2035", "energy_2025"]
    assert (forecast["today"], [s["year"] for s in forecast["shares"]]) == (2026, [2026, 2035])
    assert next(iter(forecast["scopes"])) == "ai_facilities"


def test_worked_same_seed_same_bytes(app: typer.Typer) -> None:
    words = ("fleet", "--to", 2027, "--samples", 500, "--seed", 7, "--json")
    assert run(app, *words) == run(app, *words)


def test_published_backtest_command(app: typer.Typer) -> None:
    one = data(app, "fleet", "--backtest", "2024-12-31")
    assert {"cutoff", "target", "p05", "p50", "p95", "observed", "inside"} <= set(one)
    assert (one["target"], one["observed"], one["inside"]) == ("2025-12-31", 8562.0, True)
    assert one["p05"] < 8562 < one["p95"] < 3 * one["p05"]
    rolled = data(app, "fleet", "--backtest", "rolling")
    assert 0.80 <= rolled["coverage"] <= 0.97
    assert "8,562" in run(app, "fleet", "--backtest", "2024-12-31")


def test_worked_backtest_outside_exits_with_1(app: typer.Typer) -> None:
    """AMD slowed down in 2025: that forecast missed, and says so."""
    one = data(app, "fleet", "--backtest", "2024-12-31", "--maker", "amd", code=1)
    assert one["inside"] is False


def test_published_checks_command(app: typer.Typer) -> None:
    rows = data(app, "fleet", "--checks")["checks"]
    assert all(r["ok"] for r in rows)
    assert "De Vries 2027, high" in run(app, "fleet", "--checks")


def test_worked_text_and_power(app: typer.Typer) -> None:
    text = run(
        app, "fleet", "--to", 2028, "--samples", 500, "--country", "sweden",
        "--power", "gas_engine=10x100,smr=300",
    )  # fmt: skip
    assert "Sweden, 2024: demand" in text
    # this year leads, then the last; one table of one scope, what others print after it
    lines = text.splitlines()
    led = [i for i, line in enumerate(lines) if " TWh/a [" in line][:2]
    assert ["2026" in " ".join(lines[led[0] :][:2]), "2028" in " ".join(lines[led[1] :][:2])] == [
        True,
        True,
    ]
    assert text.count("(facility)") == 1
    assert text.count("counted") == 2
    assert "A. de Vries 2023" in text
    assert "energised and missing" in text
    made = data(app, "fleet", "--to", 2028, "--samples", 500, "--power", "gas_engine=10x100")
    gap = made["power"]
    assert gap["years"] == [2026, 2027, 2028]
    assert gap["energised_gw"]["p95"][-1] <= 1.0 + 1e-9


def test_worked_report(app: typer.Typer, tmp_path: Path) -> None:
    pytest.importorskip("jinja2", reason="pages are in the extra `report`")
    path = tmp_path / "fleet.html"
    run(app, "fleet", "--samples", 500, "--report", path)
    page = path.read_text(encoding="utf-8")
    for name in (
        "fan",
        "fan-ai_servers",
        "fan-ai_chips_rated",
        "published",
        "tornado",
        "doubt",
        "nations",
        "waterfall",
        "power",
    ):
        assert page.count(f'data-picture="{name}"') == 2  # once a language
    # one fan: of three scopes the first is shown, the choice needs no script
    assert page.count('type="radio"') == 2 * 3
    assert page.count('data-section="fan"') == 2
    assert len(re.findall(r'type="radio"[^>]*checked', page)) == 2
    assert "default-src &#39;none&#39;" in page
    assert not re.search(r'(src|href)="https?://[^"]+\.(js|css|png)"', page)
    assert 'href="#en-source-devries2023"' in page
    assert 'id="en-source-devries2023"' in page


def test_worked_every_panel_names_scope_and_boundary() -> None:
    spec = published_picture().specs["wide"]
    titles = [plot["title"] for row in spec["vconcat"] for plot in row.get("hconcat", [row])]
    assert len(titles) == len(set(titles)) == 7
    assert all("(" in t and ", " in t for t in titles)


def test_worked_scenario_file(app: typer.Typer, tmp_path: Path) -> None:
    path = tmp_path / "cool.toml"
    path.write_text(
        '[fleet]\nname = "cool"\nhorizon = 2028\nforms = ["logistic"]\nlimited = false\n'
        "[fleet.pue]\nvalue = 1.1\n[fleet.utilization]\nlow = 0.7\nhigh = 0.8\n"
    )
    made = data(app, "fleet", "--scenario", path, "--samples", 500)
    assert (made["scenario"], made["years"][-1]) == ("cool", 2028)
    assert set(made["growth_forms"]) == {"logistic"}
    ratio = np.array(made["scopes"]["ai_facilities"]["p50"]) / made["scopes"]["ai_servers"]["p50"]
    np.testing.assert_allclose(ratio, 1.1, rtol=1e-9)


def test_error_fleet(app: typer.Typer, tmp_path: Path) -> None:
    for words, error, says in (
        (("--to", 2020), RangeError, "horizon=2020"),
        (("--backtest", "yesterday"), RangeError, "not a date"),
        (("--backtest", "2019-12-31"), RangeError, "2022-03-31"),
        (("--backtest", "2024-12-31", "--maker", "intel"), UnknownNameError, "nvidia"),
        (("--country", "swedn", "--to", 2026), UnknownNameError, "sweden"),
        (("--of", "gdp", "--to", 2026), RangeError, "net_generation_2023"),
        (("--power", "gas=1", "--to", 2026), UnknownNameError, "gas_ccgt"),
        (("--power", "gas_engine", "--to", 2026), RangeError, "gas_engine=40x100"),
        (("--scenario", tmp_path / "absent.toml"), DataError, "cannot be read"),
    ):
        with pytest.raises(error) as caught:
            run(app, "fleet", *(() if "--backtest" in words else ("--samples", 200)), *words)
        assert says in str(caught.value)
    with pytest.raises(DataError, match="cannot be read"):
        read_scenario(tmp_path)


def test_worked_backtest_on_a_series_of_ones_own(app: typer.Typer, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    rows = [
        f"{y}-{m},{0.9 * v:.1f},{v:.1f},{1.1 * v:.1f}"
        for (y, m), v in zip(
            [(y, d) for y in (2023, 2024) for d in ("03-31", "06-30", "09-30", "12-31")],
            100 * np.cumsum(1.1 ** np.arange(8)),
            strict=True,
        )
    ]
    path.write_text("\n".join(["date,p05,p50,p95", *rows]))
    one = data(app, "fleet", "--backtest", "2023-12-31", "--stock", path)
    assert (one["maker"], one["inside"]) == ("mine", True)
    path.write_text("\n".join(["date,p05,p50,p95", *rows[:3], *rows[4:]]))
    with pytest.raises(DataError, match="6 months between"):
        run(app, "fleet", "--backtest", "2024-09-30", "--stock", path)


# ---- mine ----------------------------------------------------------------------------------------------


@pytest.fixture
def series(tmp_path: Path) -> Path:
    path = tmp_path / "series.csv"
    days = np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-03-01"))
    path.write_text(
        "date,hashrate_th_s,price_usd\n" + "".join(f"{d},500000000,42000\n" for d in days)
    )
    return path


def test_worked_mine(app: typer.Typer, series: Path, tmp_path: Path) -> None:
    one = data(app, "mine", "--series", series, "--date", "2024-02-01", "--price", 0.06)
    assert {"date", "price", "lower_twh", "best_twh", "upper_twh"} <= set(one)
    assert (one["date"], one["price"]) == ("2024-02-01", 0.06)
    assert one["lower_twh"] < one["best_twh"] < one["upper_twh"]
    assert "invented example" in run(app, "mine", "--series", series)
    machines = tmp_path / "machines.csv"
    machines.write_text("name,released,efficiency_j_per_gh\na,2022-06-01,0.03\n")
    real = data(app, "mine", "--series", series, "--machines", machines)
    assert real["machines"] == 1
    assert real["upper_twh"] / real["lower_twh"] == pytest.approx(1.20 / 1.01)


def test_worked_mine_chart(app: typer.Typer, series: Path, tmp_path: Path) -> None:
    chart = tmp_path / "bitcoin.svg"
    run(app, "mine", "--series", series, "--chart", chart)
    text = chart.read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "mine's meter" in text  # the boundary is named


def test_error_mine(app: typer.Typer, series: Path) -> None:
    for words, error in (
        ((), DataError),
        (("--series", series, "--price", -0.05), RangeError),
        (("--series", series, "--date", "soon"), RangeError),
        (("--series", series, "--date", "2030-01-01"), RangeError),
        (("--series", series, "--price", 99.0), RangeError),
    ):
        with pytest.raises(error):
            run(app, "mine", *words)


# ---- train ---------------------------------------------------------------------------------------------


def test_published_train_gpt_3(app: typer.Typer) -> None:
    one = data(
        app, "train", "--on", "v100", "-n", 10_000, "--days", 14.8, "--watts", 330, "--pue", 1.1,
        "--region", "USA",
    )  # fmt: skip
    assert one["energy"]["p50"] == pytest.approx(1287, rel=0.005)
    assert one["energy"]["unit"] == "MWh"
    assert one["energy"]["boundary"] == "facility"
    assert {"hours", "energy", "emissions"} <= set(one)
    assert "break_even" not in one
    served = data(
        app, "train", "--on", "v100", "-n", 10_000, "--days", 14.8, "--watts", 330, "--pue", 1.1,
        "--break-even", "23.5 MW",
    )  # fmt: skip
    # ChatGPT of early 2023 at 564 MWh/d: 2.28 days
    assert served["break_even"]["p50"] == pytest.approx(1287 / 564, rel=0.01)
    assert served["break_even"]["unit"] == "d"


def test_worked_train_by_work(app: typer.Typer) -> None:
    one = data(app, "train", "--params", "dense=70e9", "--tokens", 15e12, "-n", 8192)
    two = data(app, "train", "--flop", 6 * 70e9 * 15e12, "-n", 8192)
    assert one["energy"]["p50"] == pytest.approx(two["energy"]["p50"])
    assert one["energy"]["p05"] < one["energy"]["p95"]
    assert one["wall_hours"]["p50"] > one["hours"]["p50"]
    text = run(app, "train", "--flop", 1e24)
    assert "Emissions of the run" in text
    assert "server processor" in text


def test_published_training_of_a_mixture_takes_its_active_parameters(app: typer.Typer) -> None:
    # DeepSeek's report: 2.664 million H800 hours of pre-training on 14.8e12 tokens; 671e9 in all would be 18 times that
    one = data(app, "train", "deepseek-v3", "--tokens", 14.8e12, "-n", 2048, "--on", "h800")
    assert one["accelerator_hours"]["p05"] < 2.664e6 < one["accelerator_hours"]["p95"]
    assert "model_used" in {s["code"] for s in one["said"]}
    # where only the total is said, the range is wide enough to hold what is true
    wide = data(app, "train", "--params", "total=671e9", "--tokens", 14.8e12)
    assert wide["energy"]["p05"] < one["energy"]["p50"] < wide["energy"]["p95"]
    assert wide["energy"]["p95"] > 10 * wide["energy"]["p05"]
    assert {"default.active", "default.accelerators", "default.mfu"} <= {
        s["code"] for s in wide["said"]
    }
    two = [data(app, "train", "--params", p, "--tokens", 1e12)["energy"] for p in ("37B active", "total=671e9,active=37e9")]  # fmt: skip
    assert two[0] == two[1]


def test_published_train_table(app: typer.Typer) -> None:
    rows = {r["name"]: r for r in data(app, "train", "--published")["runs"]}
    assert abs(rows["GPT-3 175B"]["deviation"]) < 0.005
    assert rows["PaLM 540B"]["boundary"] == "facility"
    assert "GPT-3 175B" in run(app, "train", "--published")


def test_error_train(app: typer.Typer) -> None:
    for words in (
        (),
        ("--hours", 5, "--days", 5, "-n", 8),
        ("--flop", 1e23, "--mfu", 1.5),
        ("--flop", 1e23, "--pue", 0.9),
        ("--flop", 1e23, "--region", "Atlantis"),
        ("--flop", 1e23, "--on", "h1000"),
        ("--flop", -1),
        ("--flop", 1e23, "--break-even", "564"),
        ("--flop", 1e23, "--break-even", "0 MWh/d"),
        ("--flop", 1e23, "--break-even", "564 MWh"),
        ("--hours", 5, "-n", 8, "--mfu", 0.4),  # would change nothing
        ("--params", 671e9, "--tokens", 14.8e12),  # all, or those that work?
        ("--params", "active=9e9,total=3e9", "--tokens", 1e12),
        ("--params", "dense=9e9,total=9e9", "--tokens", 1e12),
        ("--params", "active=9e9,active=9e9", "--tokens", 1e12),
        ("--params", "experts=9", "--tokens", 1e12),
        ("--params", "active=many", "--tokens", 1e12),
        ("deepseek-v3", "--params", "active=37e9", "--tokens", 1e12),
        ("gpt-4o", "--tokens", 1e12),
        ("deepseek-v3",),
    ):
        with pytest.raises(TaotieError):
            run(app, "train", *words)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["--stock", "x.csv"], "--stock means nothing without --backtest"),
        (["--maker", "nvidia"], "--maker means nothing without --backtest"),
        (["--checks", "--country", "USA"], "--country means nothing with --checks"),
        (["--backtest", "rolling", "--stock", "x.csv"], "--stock means nothing with --backtest rolling"),
        (["--backtest", "2024-12-31", "--to", "2030", "--report", "x.html"], "--report, --to means nothing"),
        (["--to", "3000"], "outside -∞ to 2100"),
    ],
)  # fmt: skip
def test_error_an_option_that_would_be_passed_over(app: typer.Typer, line, says) -> None:
    with pytest.raises(RangeError) as caught:
        run(app, "fleet", *line)
    assert says in str(caught.value)
