"""The application around pages and REST: headers, languages, errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")

from fastapi.testclient import TestClient

from taotie.app.api.languages import preferred
from taotie.app.api.server import create_app


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(), base_url="http://127.0.0.1", follow_redirects=False) as made:
        yield made


def test_worked_health(client: TestClient) -> None:
    assert client.get("/healthz").json()["status"] == "ok"


@pytest.mark.parametrize(
    "path", ["/healthz", "/en/nothing", "/api/v1/openapi.json", "/api/nothing"]
)
def test_property_every_answer_has_the_safe_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "script-src 'self';" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in headers


def test_worked_a_plain_address_goes_to_the_language_liked(client: TestClient) -> None:
    to = client.get("/check?says=1", headers={"Accept-Language": "zh-CN,en;q=0.5"})
    assert (to.status_code, to.headers["location"]) == (302, "/zh/check?says=1")
    assert to.headers["vary"] == "Accept-Language"


def test_error_a_plain_address_never_leads_to_another_site(client: TestClient) -> None:
    to = client.get("http://127.0.0.1//evil.example/")
    assert to.headers["location"] == "/en/evil.example/"


def test_error_unknown_language_says_which_there_are(client: TestClient) -> None:
    for path, way in (("/fr/check", "/zh/"), ("/check?lang=fr", "?lang=zh")):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "fr" in answer.json()["detail"]
        assert way in answer.json()["hint"]


def test_error_page_for_people_problem_for_programs(client: TestClient) -> None:
    page = client.get("/zh/<script>", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert 'lang="zh-Hans"' in page.text
    assert "<script>" not in page.text
    program = client.get("/api/v1/nothing", headers={"Accept": "text/html"})
    assert program.headers["content-type"] == "application/problem+json"
    assert program.json()["status"] == 404


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/en/fleets", "/en/fleet"),
        ("/zh/validate", "/zh/validation"),
        ("/api/v1/promt", "/api/v1/prompt"),
    ],
)
def test_error_an_address_that_is_none_names_the_nearest(
    client: TestClient, path: str, hint: str
) -> None:
    problem = client.get(path).json()
    assert problem["status"] == 404
    assert hint in problem["hint"]
    refused = client.put("/en/fleet")
    assert refused.json()["hint"] == refused.headers["Allow"] == "GET"


def test_worked_the_first_page_is_found_by_its_name_too(client: TestClient) -> None:
    led = client.get("/zh/prompt?model=llama-3.1-8b", follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (308, "/zh/?model=llama-3.1-8b")


@pytest.mark.parametrize(
    ("accept", "code"),
    [
        ("", "en"),
        ("zh", "zh"),
        ("de,zh;q=0.3", "zh"),
        ("en;q=0.2,zh;q=0.1", "en"),
        ("zh;q=x", "en"),
    ],
)
def test_worked_preferred_language(accept: str, code: str) -> None:
    assert preferred(accept) == code
