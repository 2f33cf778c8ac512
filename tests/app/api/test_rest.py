"""REST: bodies that are refused, jobs, results, uploads, keys, limits; never a path of this computer."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed")

from fastapi.testclient import TestClient

from taotie.app.api.keys import Keys, new_key
from taotie.app.api.limits import Limits
from taotie.app.api.server import create_app
from taotie.app.api.service import ServiceSetup
from taotie.errors import DataError

QUICK = {"accelerators": 1000, "hours": 24, "samples": 200}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    limits = Limits(body=20_000, upload=50_000, samples=5000, rate_per_s=0, short_s=60.0)
    setup = ServiceSetup(folder=tmp_path_factory.mktemp("state"), workers=1, limits=limits)
    with TestClient(create_app(setup), base_url="http://127.0.0.1") as made:
        yield made


def sent(client: TestClient, ask: str, body: Any, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(
        f"/api/v1/{ask}", content=content, headers={"Content-Type": "application/json"} | headers
    )


def over(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it is over, by its events."""
    with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as events:
        lines = [line for line in events.iter_lines() if line.startswith("data: ")]
    return dict(json.loads(lines[-1].removeprefix("data: ")))


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "line 1"),
        (b"[]", 400, "object"),
        (b'{"tokens_in": NaN}', 400, "NaN"),
        (b'{"tokens_in": 1, "tokens_in": 2}', 400, "twice"),
        (b'{"model": "\\ud800"}', 400, "JSON"),
        (b"\xff\xfe{}", 400, "JSON"),
        (b"[" * 15_000, 400, "JSON"),
        (b'{"tokens_in": 1' + b"0" * 6000 + b"}", 400, "JSON"),
        (b'{"tokens_in": true}', 422, "a number"),
        (b'{"tokens_in": null}', 422, "a number"),
        (b'{"tokens_in": "3 kg"}', 422, "mass"),
        (b'{"tokens_in": {"a": 1}}', 422, "a number"),
        (b'{"model": 5}', 422, "model"),
        (b'{"model": true}', 422, "a text"),
        (b'{"model": ["a"]}', 422, "a text"),
        (b'{"modell": "x"}', 422, "modell"),
        (b'{"samples": 5001}', 422, "5000"),
        (b'{"samples": "6e3"}', 422, "5000"),
        (b'{"model": "/etc/passwd"}', 422, "model"),
        (b'{"model": "../../x/config.json"}', 422, "model"),
        (b'{"model": "upload:xyz"}', 422, "upload"),
        (b'{"model": "upload:' + b"0" * 64 + b'/config.json"}', 404, "upload"),
        (b'{"model": {"name": "a.exe", "text": ""}}', 415, "reader"),
        (b'{"model": {"name": "a.json"}}', 422, "upload"),
        (b'{"model": {"name": "' + b"a" * 300 + b'.json", "text": "{}"}}', 422, "200"),
        (b'{"tokens_in": "' + b" " * 100 + b'3"}', 422, "at most 100"),
    ],
)
def test_error_of_a_body_is_a_problem(
    client: TestClient, body: bytes, status: int, says: str
) -> None:
    answer = sent(client, "prompt", body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert says in problem["detail"] + problem.get("hint", "")


@pytest.mark.parametrize(
    ("ask", "body"),
    [
        ("simulate", {"trace": "/etc/passwd"}),
        ("simulate", {"trace": "chat", "requests_out": "/tmp/x.parquet"}),
        ("simulate", {"trace": "chat", "cluster": "tcp://10.0.0.1:8786"}),
        ("run", {"study": "studies/chat_service.toml"}),
        ("mine", {"series": "/etc/passwd"}),
        ("capacity", {"case": "../../../../etc/passwd"}),
        ("audit", {"claims": "/proc/self/environ"}),
        ("check_label", {"file": "label.json"}),
    ],
)
def test_error_no_path_is_taken_from_a_request(client: TestClient, ask: str, body: Any) -> None:
    answer = sent(client, ask, body)
    assert answer.status_code == 422, answer.text


def test_error_meters_of_this_computer_are_not_asked(client: TestClient) -> None:
    for name in ("meter_report", "meter_show", "meter-report"):
        assert sent(client, name, {}).status_code == 404


def test_error_a_study_that_names_files_finds_none(client: TestClient, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("t_s,prompt_tokens,output_tokens\n0,1,2\n")
    text = f'title = "x"\nsamples = 200\n[workload]\ntrace = "{secret}"\n'
    job = sent(client, "run", {"study": {"name": "s.toml", "text": text}}).json()
    ended = over(client, job)
    assert ended["state"] == "failed"
    assert ended["problem"]["status"] == 422


def test_worked_problem_in_the_language_asked_for(client: TestClient) -> None:
    for way in ({"url": "?lang=zh"}, {"headers": {"Accept-Language": "zh"}}):
        answer = client.post(
            "/api/v1/prompt" + way.get("url", ""),  # type: ignore[operator]
            content=b"{",
            headers={"Content-Type": "application/json"} | way.get("headers", {}),  # type: ignore[operator]
        )
        assert "请求体不是 JSON" in answer.json()["detail"]
        assert answer.headers["content-language"] == "zh"


def test_error_media_type_parameters_methods(client: TestClient) -> None:
    assert client.post("/api/v1/prompt", content=b"{}").status_code == 415
    assert client.post("/api/v1/prompt?x=1", json={}).status_code == 400
    wrong = client.get("/api/v1/prompt")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"
    assert wrong.headers["content-type"] == "application/problem+json"


def test_error_too_large_announced_or_not(client: TestClient) -> None:
    assert sent(client, "prompt", b" " * 30_000).status_code == 413

    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 1000

    answer = client.post(
        "/api/v1/prompt", content=chunks(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.json()["status"] == 413


def test_worked_a_job_from_order_to_answer_for_ever(client: TestClient) -> None:
    begun = sent(client, "train", QUICK, Prefer="respond-async")
    assert begun.status_code == 202
    job = begun.json()
    assert set(job) == {"id", "ask", "state", "progress", "result", "problem"}
    assert begun.headers["location"] == f"/api/v1/jobs/{job['id']}"
    done = over(client, job)
    assert done["state"] == "done"
    kept = client.get(done["result"])
    direct = sent(client, "train", QUICK)
    assert kept.content == direct.content
    assert direct.headers["etag"] == kept.headers["etag"] == f'"{done["result"][-64:]}"'
    assert "immutable" in kept.headers["cache-control"]
    again = client.get(done["result"], headers={"If-None-Match": kept.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    # cancelling what is over, twice, changes nothing
    for _ in range(2):
        assert client.delete(f"/api/v1/jobs/{job['id']}").json()["state"] == "done"


def test_worked_a_job_that_fails_says_why(client: TestClient) -> None:
    wrong = {**QUICK, "on": "no-such-chip"}
    job = sent(client, "train", wrong, Prefer="respond-async").json()
    done = over(client, job)
    assert done["state"] == "failed"
    assert "no-such-chip" in done["problem"]["detail"]


def test_worked_two_tabs_cancel_one_job(client: TestClient) -> None:
    study = 'title = "x"\nsamples = 5000\n[workload]\nrequests_per_day = 1e6\n'
    job = sent(client, "run", {"study": {"name": "s.toml", "text": study}}).json()
    first = client.delete(f"/api/v1/jobs/{job['id']}")
    second = client.delete(f"/api/v1/jobs/{job['id']}")
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["state"] == "cancelled"
    assert over(client, job)["state"] == "cancelled"
    # and the next one is worked on as if nothing had been
    assert (
        over(client, sent(client, "train", QUICK, Prefer="respond-async").json())["state"] == "done"
    )


def test_worked_an_order_sent_twice_is_one_job(client: TestClient) -> None:
    header = {"Prefer": "respond-async", "Idempotency-Key": "order-1"}
    first = sent(client, "train", QUICK, **header).json()
    assert sent(client, "train", QUICK, **header).json()["id"] == first["id"]
    other = sent(client, "train", {**QUICK, "hours": 25}, **header)
    assert other.status_code == 409
    assert sent(client, "train", QUICK, **{"Idempotency-Key": "a b"}).status_code == 400


def test_worked_an_answer_is_kept_where_asked(client: TestClient) -> None:
    answer = sent(client, "rules", {"mw": 75, "place": "ercot"}, Prefer="keep")
    assert client.get(answer.headers["content-location"]).content == answer.content


@pytest.mark.parametrize(
    "path", ["jobs/nothing", "jobs/nothing/events", "results/00", "sources/none"]
)
def test_error_what_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    if path.startswith("jobs/") and path.endswith("nothing"):
        assert client.delete(f"/api/v1/{path}").status_code == 404


def test_worked_upload_and_what_it_stands_for(client: TestClient) -> None:
    text = b"date,hashrate_th_s,price_usd\n2024-01-01,5e8,42000\n2024-01-02,5.1e8,43000\n"
    header = {"Content-Type": "application/octet-stream"}
    kept = client.post("/api/v1/uploads?name=../my%20rates.csv", content=text, headers=header)
    assert kept.status_code == 201
    made = kept.json()
    assert made["name"] == "my_rates.csv"
    assert made["bytes"] == len(text)
    body = {"date": "2024-01-02", "series": made["setting"]}
    by_upload = sent(client, "mine", body)
    by_text = sent(
        client, "mine", {**body, "series": {"name": "my_rates.csv", "text": text.decode()}}
    )
    assert by_upload.content == by_text.content
    assert b"my_rates.csv" in by_upload.content or by_upload.status_code == 422
    assert str(client.app.state.service.setup.folder) not in by_upload.text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "content", "kind", "status"),
    [
        ("a.exe", b"MZ", "application/octet-stream", 415),
        ("csv", b"x", "application/octet-stream", 415),
        ("", b"x", "application/octet-stream", 400),
        ("a.csv", b"", "application/octet-stream", 400),
        ("a.csv", b"x" * 60_000, "application/octet-stream", 413),
        ("a.csv", b"x", "text/csv", 415),
    ],
)
def test_error_hostile_uploads(
    client: TestClient, name: str, content: bytes, kind: str, status: int
) -> None:
    folder = client.app.state.service.uploads.folder  # type: ignore[attr-defined]
    before = sorted(folder.iterdir())
    answer = client.post(
        "/api/v1/uploads", params={"name": name}, content=content, headers={"Content-Type": kind}
    )
    assert answer.status_code == status
    assert sorted(folder.iterdir()) == before  # nothing half-written


def test_property_openapi_says_what_the_table_of_questions_says(client: TestClient) -> None:
    made = client.get("/api/v1/openapi.json").json()
    from taotie.app.api.bodies import asks_by_name

    for flat, one in asks_by_name().items():
        operation = made["paths"][f"/api/v1/{flat}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert set(schema["properties"]) == {k for k, s in one.settings.items() if not s.local}
        assert schema["additionalProperties"] is False
        assert ("200" in operation["responses"]) == (not one.long)
    listed = client.get("/api/v1/asks?lang=zh").json()
    assert {one["name"] for one in listed} == set(asks_by_name())
    schema = client.get("/api/v1/schema/prompt.json").json()
    assert schema["additionalProperties"] is False
    sources = client.get("/api/v1/sources").json()
    assert client.get(f"/api/v1/sources/{sources[0]['key']}").json()["citation"]


def test_worked_metrics_and_health(client: TestClient) -> None:
    assert (
        client.post(
            "/api/v1/prompt", content=b"not JSON", headers={"content-type": "application/json"}
        ).status_code
        == 400
    )
    text = client.get("/metrics").text
    assert 'taotie_http_requests_total{method="POST",route="/api/v1/prompt",status="400"}' in text
    assert 'taotie_jobs{state="done"}' in text
    health = client.get("/healthz").json()
    assert health["status"] == "ok"
    assert health["workers"] >= 1


@pytest.mark.parametrize("path", ["/api/v1/prompt", "/api/v1/uploads", "/en/check"])
def test_error_a_client_that_goes_away_is_no_failure_of_ours(client: TestClient, path: str) -> None:
    """Half a body, then nobody there: noted as gone, nothing raised, nothing kept."""
    kinds = {
        "/api/v1/prompt": b"application/json",
        "/en/check": b"application/x-www-form-urlencoded",
    }
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"name=log.csv", "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"), (b"content-length", b"999"),
            (b"content-type", kinds.get(path, b"application/octet-stream")),
        ],
        "client": ("127.0.0.1", 4), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    if path == "/api/v1/prompt":
        scope["query_string"] = b""
    incoming = [
        {"type": "http.request", "body": b'{"tokens_in', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    client.portal.call(client.app, scope, receive, send)
    assert sent == []
    assert f'route="{path.removeprefix("/en")}",status="499"' in client.get("/metrics").text
    assert not list(client.app.state.service.uploads.folder.glob("*.part"))


def test_property_logs_hold_no_text_of_a_user(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "taotie.serve"):
        sent(client, "check", {"says": "my-secret-sentence 42 MWh"})
        sent(client, "prompt", {"model": "my-secret-sentence"})
        client.get("/api/v1/jobs/my-secret-sentence")
        client.get("/en/my-secret-sentence?my-secret-sentence=1")
        client.post("/api/v1/uploads?name=my-secret-sentence.csv", content=b"x")
    said = [str(vars(record)) for record in caplog.records if record.name == "taotie.serve"]
    assert said
    assert not [line for line in said if "my-secret-sentence" in line]


def test_worked_keys_let_in_and_keep_jobs_apart(tmp_path: Path) -> None:
    key, line = new_key("lab")
    other, other_line = new_key("other")
    setup = ServiceSetup(
        folder=tmp_path, workers=1, keys=Keys.of_text(f"# keys\n{line}\n{other_line}\n")
    )
    assert key not in line
    with TestClient(create_app(setup), base_url="http://127.0.0.1") as client:
        refused = sent(client, "prompt", {})
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"
        assert client.get("/healthz").status_code == 200
        mine = {"Authorization": f"Bearer {key}"}
        job = sent(client, "train", QUICK, Prefer="respond-async", **mine)
        assert job.status_code == 202
        path = f"/api/v1/jobs/{job.json()['id']}"
        assert client.get(path, headers=mine).status_code == 200
        assert client.get(path, headers={"Authorization": f"Bearer {other}"}).status_code == 404


@pytest.mark.parametrize("text", ["", "# nothing\n", "lab sha256:zz", "lab plain-key"])
def test_error_a_key_file_that_would_open_the_door(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(DataError):
        Keys.of_file(tmp_path / "keys")


def test_worked_rate_hosts_and_other_sites(tmp_path: Path) -> None:
    limits = Limits(rate_per_s=1.0, burst=3)
    setup = ServiceSetup(folder=tmp_path, workers=1, limits=limits, hosts=("127.0.0.1",))
    with TestClient(create_app(setup), base_url="http://127.0.0.1:8421") as client:
        cross = client.post("/api/v1/prompt", json={}, headers={"Sec-Fetch-Site": "cross-site"})
        assert cross.status_code == 403
        named = client.get("/api/v1/asks", headers={"Host": "evil.example"})
        assert named.status_code == 421
        answers = [client.get("/api/v1/asks") for _ in range(6)]
        limited = [a for a in answers if a.status_code == 429]
        assert limited
        assert int(limited[0].headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200


def test_worked_a_question_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    setup = ServiceSetup(folder=tmp_path, workers=1, limits=Limits(short_s=0.01, job_s=0.01))
    with TestClient(create_app(setup), base_url="http://127.0.0.1") as client:
        answer = sent(client, "prompt", {"samples": 100_000})
        assert answer.status_code == 422
        assert "0.01 s" in answer.json()["detail"]
        job = sent(client, "train", QUICK, Prefer="respond-async").json()
        assert over(client, job)["state"] == "failed"
        assert client.get("/healthz").json()["status"] == "ok"
