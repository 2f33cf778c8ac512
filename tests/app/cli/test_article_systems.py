"""Each system of the article's last part - contract, restart, fusion, renewables, tax, AI Act - by a command with a picture."""

from __future__ import annotations

import json
import re
import shlex
from importlib import import_module

import pytest
import typer
from typer.testing import CliRunner

SYSTEMS = {
    "power contract": "supply --load 100 --step 24 --score 0.5 --match annual",
    "restart": "power --case palisades",
    "fusion": "power --case helion",
    "renewables": "supply --load 100 --step 24 --score 0.8",
    "tax": "tax --energy 100GWh --year 2025",
    "rules": "rules --mw 100 --place pjm",
    "AI Act": 'disclose mdf --set "training_energy=1287 MWh" --boundary facility',
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_worked_command_with_a_picture(system: str, tmp_path) -> None:
    pytest.importorskip("jinja2", reason="the extra report is not installed")
    page = tmp_path / "page.html"
    words = shlex.split(SYSTEMS[system])
    app = typer.Typer()
    app.callback()(lambda: None)  # stays a group, though it may hold one command
    import_module(f"taotie.app.cli.{ {'rules': 'tax'}.get(words[0], words[0]) }").register(app)
    made = CliRunner().invoke(app, [*words, "--json", "--report", str(page)])
    assert made.exit_code == 0, made.output
    content = json.loads(made.stdout)
    text = page.read_text("utf-8")
    assert text.count("<figure") >= 2  # a picture in each language
    assert 'lang="zh' in text
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", text, flags=re.S)
    assert not re.search(r"[{\[]'|&#39;: |None|NaN", shown), (
        "a person reads words, no data of a program"
    )
    assert content["ask"] == SYSTEMS[system].split()[0]


def test_worked_a_form_says_how_much_of_it_is_filled() -> None:
    from taotie.answer.disclose import disclose

    answer = disclose("mdf", given=["training_energy=1287 MWh"], boundary="facility")
    fields, missing = answer.own["fields"], {m["field"] for m in answer.own["missing"]}
    assert answer.figures["fields_filled"].p50 == len(set(fields) - missing)
    assert missing


def test_error_the_version_before_is_never_written_over(tmp_path) -> None:
    from taotie.app.cli.disclose import _keep_the_one_before
    from taotie.errors import DataError

    place = tmp_path / "form.json"
    place.write_text('{"sha256": "abc"}')
    with pytest.raises(DataError, match="kept beside the new one"):
        _keep_the_one_before(place, "abc")
    for path, hashed in ((place, "abd"), (place, ""), (tmp_path / "other.json", "abc")):
        _keep_the_one_before(path, hashed)
