"""Ask a taotie service from Python: one typed method a question, over HTTP, with nothing but the standard library.

The methods are written by `tools/api_client.py` from the table of questions, and a test holds them in step.

    with_key = Client("https://taotie.example.org", key="taotie_...")
    with_key.prompt(model="llama-3.1-8b", on="h100-sxm:1")["figures"]["energy_per_request"]
    with_key.capacity(case="case39", load="0.1GW").wait()
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from taotie.errors import TaotieError
from taotie.words.language import _
from taotie.words.reasons import reason

__all__ = ["Client", "File", "JobHandle", "Number", "ServiceError"]

Number = float | int | str
"""A number, or a text with its unit such as ``"48 h"``."""
File = str | Path | Mapping[str, str]
"""A path of this computer (it is sent), an ``upload:...`` or ``{"name", "text"}``."""


class ServiceError(TaotieError):
    """What a service refused, with its words, its hint and its problem as it came."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", "")), str(problem.get("hint", "")))
        self.status = int(problem.get("status", 0))
        self.problem = dict(problem)


class JobHandle:
    """One job of a service."""

    def __init__(self, client: Client, job: Mapping[str, Any]) -> None:
        self._client = client
        self.job = dict(job)

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.job["id"])

    def state(self) -> dict[str, Any]:
        """How far it is now: id, ask, state, progress, result, problem."""
        self.job = self._client._json("GET", f"/jobs/{quote(self.id, safe='')}")
        return self.job

    def cancel(self) -> dict[str, Any]:
        """Stop it; twice is the same as once."""
        self.job = self._client._json("DELETE", f"/jobs/{quote(self.id, safe='')}")
        return self.job

    def events(self) -> Iterator[dict[str, Any]]:
        """The job now and after every change, until it is over."""
        with self._client._open("GET", f"/jobs/{quote(self.id, safe='')}/events", None) as lines:
            for line in lines:
                if line.startswith(b"data: "):
                    self.job = json.loads(line.removeprefix(b"data: "))
                    yield self.job

    def wait(self) -> dict[str, Any]:
        """Its answer, once it is there.

        Raises
        ------
        ServiceError
            If it failed or was cancelled.
        """
        while self.job["state"] not in ("done", "failed", "cancelled"):
            for _job in self.events():
                pass
            self.state()
        if self.job["state"] != "done":
            raise ServiceError(
                self.job["problem"] or {"detail": _("the job was cancelled."), "status": 499}
            )
        path = str(self.job["result"]).removeprefix("/api/v1")
        return self._client._json("GET", path)


class Client:
    """A taotie service.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:8421``.
    key : str
        An API key, where the service wants one.
    language : str
        "en" or "zh": of labels and errors.
    timeout : float
        Seconds without a byte after which a call is given up.
    """

    def __init__(
        self, address: str = "http://127.0.0.1:8421", key: str = "", language: str = "en",
        timeout: float = 60.0,
    ) -> None:  # fmt: skip
        if urlsplit(address).scheme not in ("http", "https"):
            raise ServiceError({"detail": _("{address} is no address of a service.").format(address=repr(address)), "hint": "http://127.0.0.1:8421"})  # fmt: skip
        self.address = address.rstrip("/") + "/api/v1"
        self.key = key
        self.language = language
        self.timeout = timeout

    def _open(self, method: str, path: str, body: bytes | None, **headers: str) -> Any:
        mark = "&" if "?" in path else "?"
        request = urllib.request.Request(
            f"{self.address}{path}{mark}lang={quote(self.language)}", body, headers, method=method
        )
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        try:
            return urllib.request.urlopen(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            try:
                problem = json.loads(error.read())
            except ValueError:
                problem = {"detail": str(error), "status": error.code}
            raise ServiceError(problem) from None
        except OSError as error:
            raise ServiceError(
                {"detail": _("{address} cannot be reached: {why}").format(address=self.address, why=reason(error)),
                 "hint": "taotie serve"}
            ) from error  # fmt: skip

    def _json(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
    ) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        with self._open(method, path, content, **headers) as answer:
            return dict(json.loads(answer.read()))

    def upload(self, path: str | Path) -> dict[str, Any]:
        """Send a file; its `setting` is what a setting that is a file takes."""
        place = Path(path)
        with place.open("rb") as stream:
            size = place.stat().st_size
            request_path = f"/uploads?name={quote(place.name)}"
            with self._open(
                "POST", request_path, stream,  # type: ignore[arg-type]
                **{"Content-Type": "application/octet-stream", "Content-Length": str(size)},
            ) as answer:  # fmt: skip
                return dict(json.loads(answer.read()))

    def _sent(self, value: Any) -> Any:
        if isinstance(value, Path):
            return self.upload(value)["setting"]
        if isinstance(value, list | tuple):
            return [self._sent(v) for v in value]
        return value

    def _settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {k: self._sent(v) for k, v in given.items() if v is not None}

    def ask(self, name: str, **settings: Any) -> dict[str, Any]:
        """The answer to a question: the same JSON as the command's ``--json``.

        Raises
        ------
        ServiceError
            With the words of the service.
        """
        made = self._json("POST", f"/{quote(name)}", self._settings(settings))
        return JobHandle(self, made).wait() if set(made) >= {"id", "state", "progress"} else made

    def begin(self, name: str, **settings: Any) -> JobHandle:
        """Begin a question as a job, whether it is long or not.

        Raises
        ------
        ServiceError
            With the words of the service.
        """
        made = self._json(
            "POST", f"/{quote(name)}", self._settings(settings), Prefer="respond-async"
        )
        return JobHandle(self, made)

    # -- the questions, written by tools/api_client.py

    def run(
        self,
        *,
        study: File | None = None,
        threads: Number | None = None,
        region: Number | None = None,
        seed: Number | None = None,
        samples: Number | None = None,
    ) -> JobHandle:
        """Follow a workload from its requests to the grid; writes report.html and result.json."""
        return self.begin(
            "run",
            study=study,
            threads=threads,
            region=region,
            seed=seed,
            samples=samples,
        )

    def prompt(
        self,
        *,
        model: Number | File | None = None,
        tokens_in: Number | None = None,
        tokens_out: Number | None = None,
        on: Number | None = None,
        batch: Number | None = None,
        precision: Number | None = None,
        runtime: Number | None = None,
        pue: Number | None = None,
        software_date: Number | None = None,
        data_parallel: Number | None = None,
        expert_parallel: Number | None = None,
        prefill_on: Number | None = None,
        draft: Number | None = None,
        draft_model: Number | File | None = None,
        acceptance: Number | None = None,
        prefix_hit: Number | None = None,
        calibrate: File | None = None,
        region: Number | None = None,
        hour: Number | None = None,
        market_intensity: Number | None = None,
        wue: Number | None = None,
        electricity_price: Number | None = None,
        price_in: Number | None = None,
        price_out: Number | None = None,
        active: Number | None = None,
        total: Number | None = None,
        provider: Number | None = None,
        claimed: Number | None = None,
        brief: bool | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
    ) -> dict[str, Any]:
        """Energy of one request on given machines."""
        return self.ask(
            "prompt",
            model=model,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            on=on,
            batch=batch,
            precision=precision,
            runtime=runtime,
            pue=pue,
            software_date=software_date,
            data_parallel=data_parallel,
            expert_parallel=expert_parallel,
            prefill_on=prefill_on,
            draft=draft,
            draft_model=draft_model,
            acceptance=acceptance,
            prefix_hit=prefix_hit,
            calibrate=calibrate,
            region=region,
            hour=hour,
            market_intensity=market_intensity,
            wue=wue,
            electricity_price=electricity_price,
            price_in=price_in,
            price_out=price_out,
            active=active,
            total=total,
            provider=provider,
            claimed=claimed,
            brief=brief,
            samples=samples,
            seed=seed,
        )

    def generate(
        self,
        *,
        model: Number | None = None,
        on: Number | None = None,
        pue: Number | None = None,
        region: Number | None = None,
        hour: Number | None = None,
        market_intensity: Number | None = None,
        wue: Number | None = None,
        electricity_price: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
        height: Number | None = None,
        width: Number | None = None,
        steps: Number | None = None,
        frames: Number | None = None,
        batch: Number | None = None,
        runtime: Literal["xdit-0.4", "diffusers-2024"] | None = None,
    ) -> dict[str, Any]:
        """Energy of one generated picture or film on given machines."""
        return self.ask(
            "generate",
            model=model,
            on=on,
            pue=pue,
            region=region,
            hour=hour,
            market_intensity=market_intensity,
            wue=wue,
            electricity_price=electricity_price,
            samples=samples,
            seed=seed,
            height=height,
            width=width,
            steps=steps,
            frames=frames,
            batch=batch,
            runtime=runtime,
        )

    def embed(
        self,
        *,
        on: Number | None = None,
        pue: Number | None = None,
        region: Number | None = None,
        hour: Number | None = None,
        market_intensity: Number | None = None,
        wue: Number | None = None,
        electricity_price: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
        params: Number | None = None,
        layers: Number | None = None,
        tokens: Number | None = None,
        batch: Number | None = None,
    ) -> dict[str, Any]:
        """Energy of one embedding or classification by an encoder."""
        return self.ask(
            "embed",
            on=on,
            pue=pue,
            region=region,
            hour=hour,
            market_intensity=market_intensity,
            wue=wue,
            electricity_price=electricity_price,
            samples=samples,
            seed=seed,
            params=params,
            layers=layers,
            tokens=tokens,
            batch=batch,
        )

    def facility(
        self,
        *,
        cooling: Number | None = None,
        region: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
        weather: File | None = None,
        latitude: Number | None = None,
        longitude: Number | None = None,
        load: Number | None = None,
        sea_temperature: Number | None = None,
        sea_swing: Number | None = None,
    ) -> dict[str, Any]:
        """PUE and water of a building by its cooling and the weather of its place, hour by hour."""
        return self.ask(
            "facility",
            cooling=cooling,
            region=region,
            samples=samples,
            seed=seed,
            weather=weather,
            latitude=latitude,
            longitude=longitude,
            load=load,
            sea_temperature=sea_temperature,
            sea_swing=sea_swing,
        )

    def compare(
        self,
        *,
        model: Number | File | None = None,
        tokens_in: Number | None = None,
        tokens_out: Number | None = None,
        on: Number | None = None,
        batch: Number | None = None,
        precision: Number | None = None,
        runtime: Number | None = None,
        pue: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
        changes: Number | Sequence[Number] | None = None,
    ) -> dict[str, Any]:
        """What would halve the energy of a request: other formats, batches, caches, drafts, chips, models, side by side."""
        return self.ask(
            "compare",
            model=model,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            on=on,
            batch=batch,
            precision=precision,
            runtime=runtime,
            pue=pue,
            samples=samples,
            seed=seed,
            changes=changes,
        )

    def crowd(
        self,
        *,
        model: Number | File | None = None,
        tokens_in: Number | None = None,
        tokens_out: Number | None = None,
        on: Number | None = None,
        batch: Number | None = None,
        precision: Number | None = None,
        runtime: Number | None = None,
        pue: Number | None = None,
        software_date: Number | None = None,
        data_parallel: Number | None = None,
        expert_parallel: Number | None = None,
        prefill_on: Number | None = None,
        draft: Number | None = None,
        draft_model: Number | File | None = None,
        acceptance: Number | None = None,
        prefix_hit: Number | None = None,
        words: Number | None = None,
        kind: Literal["question", "search", "summary", "letter", "program", "reasoning"]
        | None = None,
        people: Number | None = None,
        per_person: Number | None = None,
        days: Number | None = None,
        region: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
    ) -> dict[str, Any]:
        """A year of everybody's requests: energy, draw, emissions, share of a region's electricity."""
        return self.ask(
            "crowd",
            model=model,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            on=on,
            batch=batch,
            precision=precision,
            runtime=runtime,
            pue=pue,
            software_date=software_date,
            data_parallel=data_parallel,
            expert_parallel=expert_parallel,
            prefill_on=prefill_on,
            draft=draft,
            draft_model=draft_model,
            acceptance=acceptance,
            prefix_hit=prefix_hit,
            words=words,
            kind=kind,
            people=people,
            per_person=per_person,
            days=days,
            region=region,
            samples=samples,
            seed=seed,
        )

    def requests(
        self,
        *,
        trace: Number | File,
        model: Number | File | None = None,
        on: Number | None = None,
        batch: Number | None = None,
        precision: Number | None = None,
        runtime: Number | None = None,
        pue: Number | None = None,
        software_date: Number | None = None,
        data_parallel: Number | None = None,
        expert_parallel: Number | None = None,
        draft: Number | None = None,
        draft_model: Number | File | None = None,
        acceptance: Number | None = None,
        prefix_hit: Number | None = None,
        calibrate: File | None = None,
        format: Number | None = None,
        columns: Number | None = None,
        time_unit: Literal["s", "ms", "us", "ns"] | None = None,
        only: Number | Sequence[Number] | None = None,
        strict: bool | None = None,
        per_day: Number | None = None,
        sampled_hours: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
    ) -> dict[str, Any]:
        """Energy of every request of a log on given machines, each with its own lengths."""
        return self.ask(
            "requests",
            trace=trace,
            model=model,
            on=on,
            batch=batch,
            precision=precision,
            runtime=runtime,
            pue=pue,
            software_date=software_date,
            data_parallel=data_parallel,
            expert_parallel=expert_parallel,
            draft=draft,
            draft_model=draft_model,
            acceptance=acceptance,
            prefix_hit=prefix_hit,
            calibrate=calibrate,
            format=format,
            columns=columns,
            time_unit=time_unit,
            only=only,
            strict=strict,
            per_day=per_day,
            sampled_hours=sampled_hours,
            samples=samples,
            seed=seed,
        )

    def simulate(
        self,
        *,
        trace: Number | File | None = None,
        model: Number | File | None = None,
        on: Number | None = None,
        replicas: Number | None = None,
        slo: Number | None = None,
        precision: Number | None = None,
        runtime: Number | None = None,
        software_date: Number | None = None,
        data_parallel: Number | None = None,
        expert_parallel: Number | None = None,
        routing: Literal[
            "round-robin", "random", "two-choices", "least-outstanding", "prefix-aware"
        ]
        | None = None,
        max_batch: Number | None = None,
        token_budget: Number | None = None,
        chunked: bool | None = None,
        prefix_cache: Number | None = None,
        prefix_in_pages: bool | None = None,
        prefix_margin: Number | None = None,
        load_report: Number | None = None,
        draft: Number | None = None,
        draft_model: Number | File | None = None,
        acceptance: Number | None = None,
        pipeline: Number | None = None,
        prefill_on: Number | None = None,
        prefill_replicas: Number | None = None,
        least_replicas: Number | None = None,
        startup: Number | None = None,
        rate_scale: Number | None = None,
        scale_by: Literal["time", "copies", "thinning"] | None = None,
        format: Number | None = None,
        columns: Number | None = None,
        time_unit: Literal["s", "ms", "us", "ns"] | None = None,
        only: Number | Sequence[Number] | None = None,
        strict: bool | None = None,
        session_prefix: bool | None = None,
        per_day: Number | None = None,
        start_hour: Number | None = None,
        sampled_hours: Number | None = None,
        interval_cv: Number | None = None,
        day: Number | None = None,
        weekend: Number | None = None,
        mean_prompt: Number | None = None,
        mean_answer: Number | None = None,
        turns: Number | None = None,
        think: Number | None = None,
        system_prompt: Number | None = None,
        bin: Number | None = None,
        calibrate: File | None = None,
        sweep: Number | Sequence[Number] | None = None,
        processes: Number | None = None,
        stream: bool | None = None,
        curve: bool | None = None,
        region: Number | None = None,
        hour: Number | None = None,
        market_intensity: Number | None = None,
        wue: Number | None = None,
        electricity_price: Number | None = None,
        threads: Number | None = None,
        seed: Number | None = None,
    ) -> JobHandle:
        """A request log on a fleet of accelerators: latency, energy of each request, power."""
        return self.begin(
            "simulate",
            trace=trace,
            model=model,
            on=on,
            replicas=replicas,
            slo=slo,
            precision=precision,
            runtime=runtime,
            software_date=software_date,
            data_parallel=data_parallel,
            expert_parallel=expert_parallel,
            routing=routing,
            max_batch=max_batch,
            token_budget=token_budget,
            chunked=chunked,
            prefix_cache=prefix_cache,
            prefix_in_pages=prefix_in_pages,
            prefix_margin=prefix_margin,
            load_report=load_report,
            draft=draft,
            draft_model=draft_model,
            acceptance=acceptance,
            pipeline=pipeline,
            prefill_on=prefill_on,
            prefill_replicas=prefill_replicas,
            least_replicas=least_replicas,
            startup=startup,
            rate_scale=rate_scale,
            scale_by=scale_by,
            format=format,
            columns=columns,
            time_unit=time_unit,
            only=only,
            strict=strict,
            session_prefix=session_prefix,
            per_day=per_day,
            start_hour=start_hour,
            sampled_hours=sampled_hours,
            interval_cv=interval_cv,
            day=day,
            weekend=weekend,
            mean_prompt=mean_prompt,
            mean_answer=mean_answer,
            turns=turns,
            think=think,
            system_prompt=system_prompt,
            bin=bin,
            calibrate=calibrate,
            sweep=sweep,
            processes=processes,
            stream=stream,
            curve=curve,
            region=region,
            hour=hour,
            market_intensity=market_intensity,
            wue=wue,
            electricity_price=electricity_price,
            threads=threads,
            seed=seed,
        )

    def train(
        self,
        *,
        on: Number | None = None,
        model: Number | File | None = None,
        accelerators: Number | None = None,
        hours: Number | None = None,
        days: Number | None = None,
        flop: Number | None = None,
        params: Number | None = None,
        tokens: Number | None = None,
        mfu: Number | None = None,
        pue: Number | None = None,
        watts: Number | None = None,
        region: Number | None = None,
        failures: bool | None = None,
        break_even: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
    ) -> dict[str, Any]:
        """Energy, time and emissions of a training run."""
        return self.ask(
            "train",
            on=on,
            model=model,
            accelerators=accelerators,
            hours=hours,
            days=days,
            flop=flop,
            params=params,
            tokens=tokens,
            mfu=mfu,
            pue=pue,
            watts=watts,
            region=region,
            failures=failures,
            break_even=break_even,
            samples=samples,
            seed=seed,
        )

    def mine(
        self,
        *,
        date: Number | None = None,
        price: Number | None = None,
        series: File | Sequence[File] | None = None,
        machines: File | Sequence[File] | None = None,
        weights: Literal["age", "equal"] | None = None,
    ) -> dict[str, Any]:
        """Electricity of Bitcoin mining on a day, after the Cambridge index."""
        return self.ask(
            "mine",
            date=date,
            price=price,
            series=series,
            machines=machines,
            weights=weights,
        )

    def fleet(
        self,
        *,
        to: Number | None = None,
        scope: Literal["ai_facilities", "ai_servers", "ai_chips_rated"] | None = None,
        scenario: File | None = None,
        country: Number | None = None,
        of: Number | None = None,
        power: Number | None = None,
        samples: Number | None = None,
        seed: Number | None = None,
    ) -> dict[str, Any]:
        """Power and electricity of the world's AI fleet by year, beside what others print."""
        return self.ask(
            "fleet",
            to=to,
            scope=scope,
            scenario=scenario,
            country=country,
            of=of,
            power=power,
            samples=samples,
            seed=seed,
        )

    def capacity(
        self,
        *,
        case: Number | File,
        load: Number | None = None,
        pue: Number | None = None,
        bus: Number | None = None,
        near: Number | None = None,
        top: Number | None = None,
        contingencies: Literal["all", "none", "table"] | None = None,
        dispatch: Literal["file", "optimal", "n-1"] | None = None,
        post_outage_rating: Literal["a", "b", "c"] | None = None,
        coordinates: File | None = None,
        redispatch: bool | None = None,
        units_off: bool | None = None,
        unit_outages: bool | None = None,
        move: Number | None = None,
        hours: Number | File | None = None,
        curtail: Number | None = None,
        calls: Number | None = None,
        depth: Number | None = None,
        ac: bool | None = None,
        ac_every: bool | None = None,
        ac_check: bool | None = None,
        power_factor: Number | None = None,
        threads: Number | None = None,
    ) -> JobHandle:
        """New load every bus can take with any one branch lost."""
        return self.begin(
            "capacity",
            case=case,
            load=load,
            pue=pue,
            bus=bus,
            near=near,
            top=top,
            contingencies=contingencies,
            dispatch=dispatch,
            post_outage_rating=post_outage_rating,
            coordinates=coordinates,
            redispatch=redispatch,
            units_off=units_off,
            unit_outages=unit_outages,
            move=move,
            hours=hours,
            curtail=curtail,
            calls=calls,
            depth=depth,
            ac=ac,
            ac_every=ac_every,
            ac_check=ac_check,
            power_factor=power_factor,
            threads=threads,
        )

    def sites(
        self,
        *,
        case: Number | File,
        buses: Number | Sequence[Number],
        most: Number | Sequence[Number] | None = None,
        units_off: bool | None = None,
        move: Number | None = None,
    ) -> JobHandle:
        """New load that several buses take together, units told anew."""
        return self.begin(
            "sites",
            case=case,
            buses=buses,
            most=most,
            units_off=units_off,
            move=move,
        )

    def headroom(
        self,
        *,
        demand: Number | File,
        areas: Number | Sequence[Number] | None = None,
        limits: Number | Sequence[Number] | None = None,
        first_year: Number | None = None,
        last_year: Number | None = None,
        draws: Number | None = None,
        seed: Number | None = None,
        power: Number | None = None,
        pue: Number | None = None,
        place: Number | None = None,
    ) -> JobHandle:
        """New load a region can take if that load is curtailed a few hours a year."""
        return self.begin(
            "headroom",
            demand=demand,
            areas=areas,
            limits=limits,
            first_year=first_year,
            last_year=last_year,
            draws=draws,
            seed=seed,
            power=power,
            pue=pue,
            place=place,
        )

    def dispatch(
        self,
        *,
        case: Number | File,
        bus: Number | None = None,
        load: Number | None = None,
        pue: Number | None = None,
        n_1: bool | None = None,
        value_of_lost_load: Number | None = None,
        hours: Number | File | None = None,
        span: Number | None = None,
        units_down: bool | None = None,
        storage: Number | Sequence[Number] | None = None,
        ramps: bool | None = None,
        ramp_share: Number | None = None,
        start_up: bool | None = None,
        start_cost: Number | None = None,
        window: Number | None = None,
        overlap: Number | None = None,
    ) -> JobHandle:
        """Cheapest dispatch and prices, before and after a new load."""
        return self.begin(
            "dispatch",
            case=case,
            bus=bus,
            load=load,
            pue=pue,
            n_1=n_1,
            value_of_lost_load=value_of_lost_load,
            hours=hours,
            span=span,
            units_down=units_down,
            storage=storage,
            ramps=ramps,
            ramp_share=ramp_share,
            start_up=start_up,
            start_cost=start_cost,
            window=window,
            overlap=overlap,
        )

    def split(
        self,
        *,
        sites: Number | Sequence[Number],
        accelerators: Number | None = None,
        parameters: Number | None = None,
        active: Number | None = None,
        tokens: Number | None = None,
        peak: Number | None = None,
        mfu: Number | None = None,
        power: Number | None = None,
        local_steps: Number | None = None,
        compression: Number | None = None,
        overlap: Number | None = None,
    ) -> dict[str, Any]:
        """Spread one training run over several sites."""
        return self.ask(
            "split",
            sites=sites,
            accelerators=accelerators,
            parameters=parameters,
            active=active,
            tokens=tokens,
            peak=peak,
            mfu=mfu,
            power=power,
            local_steps=local_steps,
            compression=compression,
            overlap=overlap,
        )

    def supply(
        self,
        *,
        load: Number | File | None = None,
        series: File | Sequence[File] | None = None,
        technologies: Number | Sequence[Number] | None = None,
        score: Number | None = None,
        cost: Number | None = None,
        match: Literal["hourly", "annual"] | None = None,
        costs: Literal["us2030", "eu2030"] | None = None,
        rate: Number | None = None,
        price: Number | None = None,
        grid_co2: Number | None = None,
        grid_clean: Number | None = None,
        connection: Number | None = None,
        sell: Number | None = None,
        step: Number | None = None,
        most: Number | Sequence[Number] | None = None,
        negative_prices: Literal["refuse", "keep", "zero"] | None = None,
        drop_leap_day: bool | None = None,
        seed: Number | None = None,
        latitude: Number | None = None,
        weather: Number | File | None = None,
        weather_site: Number | None = None,
        compare: bool | None = None,
        curve: bool | None = None,
        sites: File | Sequence[File] | None = None,
    ) -> JobHandle:
        """Wind, sun, stores, firm plant and the grid for a load: hour by hour, at the least cost."""
        return self.begin(
            "supply",
            load=load,
            series=series,
            technologies=technologies,
            score=score,
            cost=cost,
            match=match,
            costs=costs,
            rate=rate,
            price=price,
            grid_co2=grid_co2,
            grid_clean=grid_clean,
            connection=connection,
            sell=sell,
            step=step,
            most=most,
            negative_prices=negative_prices,
            drop_leap_day=drop_leap_day,
            seed=seed,
            latitude=latitude,
            weather=weather,
            weather_site=weather_site,
            compare=compare,
            curve=curve,
            sites=sites,
        )

    def flex(
        self,
        *,
        load: Number | None = None,
        training: Number | None = None,
        batch: Number | None = None,
        waits: Number | None = None,
        cap: Number | None = None,
        idle: Number | None = None,
        battery_mw: Number | None = None,
        battery_mwh: Number | None = None,
        room: File | None = None,
        duration: Number | None = None,
        calls: Number | None = None,
        energy: Number | None = None,
        depth: Number | None = None,
        value: Number | None = None,
        kw: Number | None = None,
    ) -> dict[str, Any]:
        """How deep and how long a load may be cut, what connection that buys, what it costs."""
        return self.ask(
            "flex",
            load=load,
            training=training,
            batch=batch,
            waits=waits,
            cap=cap,
            idle=idle,
            battery_mw=battery_mw,
            battery_mwh=battery_mwh,
            room=room,
            duration=duration,
            calls=calls,
            energy=energy,
            depth=depth,
            value=value,
            kw=kw,
        )

    def swings(
        self,
        *,
        peak: Number | None = None,
        low: Number | None = None,
        period: Number | None = None,
        duty: Number | None = None,
        duration: Number | None = None,
        step: Number | None = None,
        file: File | None = None,
        checkpoint_every: Number | None = None,
        checkpoint: Number | None = None,
        fault_at: Number | Sequence[Number] | None = None,
        fault: Number | None = None,
        idle: Number | None = None,
        jitter: Number | None = None,
        seed: Number | None = None,
        floor: Number | None = None,
        ramp: Number | None = None,
        capacitor_s: Number | None = None,
        capacitor_mw: Number | None = None,
        battery_s: Number | None = None,
        battery_mw: Number | None = None,
        bands: File | None = None,
        most_ramp: Number | None = None,
        most_range: Number | None = None,
        dip: Number | None = None,
        dip_s: Number | None = None,
        trip_voltage: Number | None = None,
        trip_s: Number | None = None,
        back_after: Number | None = None,
        back_ramp: Number | None = None,
    ) -> dict[str, Any]:
        """Swings of a training load: spectrum, ramps, filters, a utility's limits, a voltage dip."""
        return self.ask(
            "swings",
            peak=peak,
            low=low,
            period=period,
            duty=duty,
            duration=duration,
            step=step,
            file=file,
            checkpoint_every=checkpoint_every,
            checkpoint=checkpoint,
            fault_at=fault_at,
            fault=fault,
            idle=idle,
            jitter=jitter,
            seed=seed,
            floor=floor,
            ramp=ramp,
            capacitor_s=capacitor_s,
            capacitor_mw=capacitor_mw,
            battery_s=battery_s,
            battery_mw=battery_mw,
            bands=bands,
            most_ramp=most_ramp,
            most_range=most_range,
            dip=dip,
            dip_s=dip_s,
            trip_voltage=trip_voltage,
            trip_s=trip_s,
            back_after=back_after,
            back_ramp=back_ramp,
        )

    def power(
        self,
        *,
        options: Number | Sequence[Number] | None = None,
        need: Number | None = None,
        need_file: File | None = None,
        case: Literal["palisades", "crane", "helion"] | None = None,
        years: Number | None = None,
        by: Number | None = None,
        coal: Number | None = None,
        coal_years: Number | None = None,
        coal_factor: Number | None = None,
        seed: Number | None = None,
        samples: Number | None = None,
    ) -> dict[str, Any]:
        """Time to power of one site: queue, gas, restart, SMR, fusion, storage, flexible connection; coal that runs on."""
        return self.ask(
            "power",
            options=options,
            need=need,
            need_file=need_file,
            case=case,
            years=years,
            by=by,
            coal=coal,
            coal_years=coal_years,
            coal_factor=coal_factor,
            seed=seed,
            samples=samples,
        )

    def disclose(
        self,
        *,
        form: Literal[
            "mdf",
            "dc2024",
            "sci",
            "sci-ai",
            "scope2",
            "rating",
            "boamps",
            "cyclonedx",
            "spdx",
            "esrs",
        ],
        sources: File | Sequence[File] | None = None,
        given: Number | Sequence[Number] | None = None,
        boundary: Literal["accelerator", "server", "facility", "grid"] | None = None,
        recipient: Number | None = None,
        supersedes: File | None = None,
        passthrough: File | None = None,
        leaderboard: File | None = None,
        band: Literal["range", "rank"] | None = None,
        unofficial: bool | None = None,
    ) -> dict[str, Any]:
        """Fill a form (mdf, dc2024, sci, sci-ai, scope2, rating, boamps, cyclonedx, spdx, esrs) from a result or a meter."""
        return self.ask(
            "disclose",
            form=form,
            sources=sources,
            given=given,
            boundary=boundary,
            recipient=recipient,
            supersedes=supersedes,
            passthrough=passthrough,
            leaderboard=leaderboard,
            band=band,
            unofficial=unofficial,
        )

    def label(
        self,
        *,
        model: Number | File | None = None,
        tokens_in: Number | None = None,
        tokens_out: Number | None = None,
        on: Number | None = None,
        batch: Number | None = None,
        precision: Number | None = None,
        runtime: Number | None = None,
        pue: Number | None = None,
        region: Number | None = None,
        seed: Number | None = None,
        samples: Number | None = None,
    ) -> dict[str, Any]:
        """An energy label of one request, which anybody can compute again."""
        return self.ask(
            "label",
            model=model,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            on=on,
            batch=batch,
            precision=precision,
            runtime=runtime,
            pue=pue,
            region=region,
            seed=seed,
            samples=samples,
        )

    def check_label(
        self,
        *,
        file: File,
    ) -> dict[str, Any]:
        """Compute an energy label again: does it hold to the last digit?"""
        return self.ask(
            "check_label",
            file=file,
        )

    def tax(
        self,
        *,
        energy: Number,
        price: Number | None = None,
        year: Number | None = None,
        until: Number | None = None,
        apply_to: Literal["mining", "ai"] | None = None,
        price_kind: Literal["purchase", "lease", "estimated"] | None = None,
        off_grid: bool | None = None,
    ) -> dict[str, Any]:
        """The proposed excise tax on mining electricity (never enacted), by year."""
        return self.ask(
            "tax",
            energy=energy,
            price=price,
            year=year,
            until=until,
            apply_to=apply_to,
            price_kind=price_kind,
            off_grid=off_grid,
        )

    def rules(
        self,
        *,
        mw: Number,
        place: Number,
    ) -> dict[str, Any]:
        """Rules for a large load by size and place, with status, date and how each is known."""
        return self.ask(
            "rules",
            mw=mw,
            place=place,
        )

    def models(
        self,
        *,
        model: Number | File | None = None,
    ) -> dict[str, Any]:
        """The models of the table; or one by name, config.json or size."""
        return self.ask(
            "models",
            model=model,
        )

    def chips(
        self,
        *,
        chip: Number | None = None,
    ) -> dict[str, Any]:
        """The accelerators of the table; or one with its sources."""
        return self.ask(
            "chips",
            chip=chip,
        )

    def regions(
        self,
        *,
        region: Number | None = None,
    ) -> dict[str, Any]:
        """The places known; or one: what its electricity emits, costs and takes of water."""
        return self.ask(
            "regions",
            region=region,
        )

    def check(
        self,
        *,
        says: Number | None = None,
        given: Number | None = None,
        per: Number | None = None,
        source_range: Number | None = None,
        cite: Literal["text", "bibtex", "csl"] | None = None,
    ) -> dict[str, Any]:
        """Check a sentence: against its inputs (--from), a source (--source-range), and the catalogue."""
        return self.ask(
            "check",
            says=says,
            given=given,
            per=per,
            source_range=source_range,
            cite=cite,
        )

    def audit(
        self,
        *,
        claims: Number | File | None = None,
        system: Number | None = None,
        verdict: Number | None = None,
        decided_by: Number | None = None,
        changes: Number | Sequence[Number] | None = None,
        by_ratio: bool | None = None,
        cite: Literal["text", "bibtex", "csl"] | None = None,
    ) -> dict[str, Any]:
        """Recompute every number of an article, or of a claims file of yours."""
        return self.ask(
            "audit",
            claims=claims,
            system=system,
            verdict=verdict,
            decided_by=decided_by,
            changes=changes,
            by_ratio=by_ratio,
            cite=cite,
        )

    def validate_serving(
        self,
        *,
        file: File,
        against: File | None = None,
    ) -> JobHandle:
        """A table with the columns of InferenceX: served loads by engine, accelerators and requests in flight. Nothing measured is used."""
        return self.begin(
            "validate_serving",
            file=file,
            against=against,
        )

    def validate_mlenergy(
        self,
        *,
        file: File,
        no_batch: bool | None = None,
        fit_on: File | None = None,
        leave_one_family_out: bool | None = None,
        runtime: Number | None = None,
        against: File | None = None,
    ) -> JobHandle:
        """A table with the columns of the ML.ENERGY Benchmark: LLM serving, pictures or films. Nothing measured is used but the mean batch."""
        return self.begin(
            "validate_mlenergy",
            file=file,
            no_batch=no_batch,
            fit_on=fit_on,
            leave_one_family_out=leave_one_family_out,
            runtime=runtime,
            against=against,
        )

    def predict(
        self,
        *,
        setups: File | None = None,
    ) -> JobHandle:
        """Predict rate, power, energy and latency of set-ups and put them on record, dated and hashed."""
        return self.begin(
            "predict",
            setups=setups,
        )

    def calibrate(
        self,
        *,
        folder: File,
        output: File | None = None,
    ) -> JobHandle:
        """Refit the coefficients of the energy model from measured tables in a folder."""
        return self.begin(
            "calibrate",
            folder=folder,
            output=output,
        )
