"""How does our serving simulator compare with Vidur on the same requests, and does a file of 100 million rows stay flat?

Vidur 0.0.26 is installed from PyPI into its own environment (`--venv`, kept). Its profiles of real chips are not in the
package: it fetches them from a model hub when it starts. So its look-up tables are filled here with the costs our own
replica gets: both engines then schedule the same requests with the same iteration times, and what is compared is the
engine. If Vidur cannot be installed or run, that is printed, and the figure once measured elsewhere is quoted.

Usage:
  python benchmarks/bench_simulator_peer.py [--requests 4000] [--rate 6.45] [--replicas 1] [--repeat 3]
  python benchmarks/bench_simulator_peer.py --rows 100e6 --folder DIR [--replicas 600]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

VERSION = "0.0.26"
QUOTED = (
    605.0  # requests/s/core, measured elsewhere: 4,000 Azure requests, 6.45/s, Llama-3-8B on A100
)
CHUNK, BATCH, BLOCKS, PAGE, LONGEST = 512, 128, 20_000, 16, 16_384
# one iteration [ms]: fixed, per decoding sequence, per token of their context, per prompt token; like an 8B model on
# one H100, made up for round numbers
FIXED, SEQUENCE, CONTEXT, PROMPT = 6.0, 0.03, 4e-5, 0.02
HERE = Path(__file__).resolve()


def peer(place: Path, out: Path, replicas: int, native: bool) -> None:
    """Runs inside Vidur's environment: simulate the requests at `place`, write times and CPU seconds."""
    os.environ["WANDB_MODE"] = "disabled"
    os.environ["HF_HUB_OFFLINE"] = "1"
    from vidur.config import (
        CacheConfig,
        ClusterConfig,
        MetricsConfig,
        RandomForrestExecutionTimePredictorConfig,
        ReplicaConfig,
        SarathiSchedulerConfig,
        SimulationConfig,
        TraceRequestGeneratorConfig,
    )
    from vidur.execution_time_predictor import sklearn_execution_time_predictor as predictor
    from vidur.simulator import Simulator
    from vidur.utils.random import set_seeds

    refused = ""
    own = predictor.SklearnExecutionTimePredictor._load_predictions_from_hf

    def tables(self: Any) -> dict[str, dict[tuple[int, ...], float]]:
        nonlocal refused
        try:  # what happens without the hub, for the report
            own(self)
        except Exception as error:
            refused = f"{type(error).__name__}: {str(error).splitlines()[0][:90]}..."
        layers = self._replica_config.num_layers_per_pipeline_stage
        tokens = range(1, LONGEST + 1)
        contexts = range(0, LONGEST + 1, 256)
        # Vidur rounds tokens up to 8 and mean contexts up to 256: the middle of what is rounded to one value
        every = {(n,): (FIXED + PROMPT * max(n - 3.5, 1.0)) / layers for n in tokens}
        decode = {
            (b, c): ((SEQUENCE - PROMPT) * b + CONTEXT * b * max(c - 128.0, 0.0)) / layers
            for b in range(1, BATCH + 1)
            for c in contexts
        }
        nothing = dict.fromkeys(every, 0.0)
        names = (
            "attn_pre_proj attn_post_proj mlp_down_proj mlp_act attn_rope attn_kv_cache_save "
            "input_layernorm post_attention_layernorm add"
        )
        return {
            **dict.fromkeys(names.split(), nothing),
            "mlp_up_proj": every,
            "attn_decode": decode,
            "attn_prefill": {(c, p): 0.0 for c in contexts for p in range(32, CHUNK + 1, 32)},
        }

    predictor.SklearnExecutionTimePredictor._load_predictions_from_hf = tables
    scratch = tempfile.mkdtemp(prefix="vidur-", dir=out.parent)
    config = SimulationConfig(
        log_level="error",
        cluster_config=ClusterConfig(
            num_replicas=replicas,
            replica_config=ReplicaConfig(
                model_name="meta-llama/Llama-3-8B", num_pipeline_stages=1, tensor_parallel_size=1
            ),
            cache_config=CacheConfig(block_size=PAGE, num_blocks=BLOCKS),
            replica_scheduler_config=SarathiSchedulerConfig(batch_size_cap=BATCH, chunk_size=CHUNK),
        ),
        request_generator_config=TraceRequestGeneratorConfig(
            trace_file=str(place),
            date="2023-11-16",
            prefill_scale_factor=1,
            decode_scale_factor=1,
            time_scale_factor=1,
            max_tokens=1 << 20,
        ),
        execution_time_predictor_config=RandomForrestExecutionTimePredictorConfig(
            attention_decode_batching_overhead_fraction=0.0,
            cache_dir=f"{scratch}/cache",
            no_cache=True,
        ),
        metrics_config=MetricsConfig(
            write_metrics=False,
            write_json_trace=False,
            enable_chrome_trace=False,
            store_plots=False,
            output_dir=f"{scratch}/out",
        ),
    )
    set_seeds(0)
    simulator = Simulator(config)
    requests = [event._request for _priority, event in sorted(simulator._event_queue)]
    begin, wall = time.process_time(), time.perf_counter()
    simulator.run()
    cpu, wall = time.process_time() - begin, time.perf_counter() - wall
    out.write_text(
        json.dumps(
            {
                "cpu_s": cpu,
                "wall_s": wall,
                "first_token_s": [r.prefill_completed_at - r.arrived_at for r in requests],
                "finish_s": [r.completed_at for r in requests],
                "refused": refused,
            }
        )
    )


def installed(venv: Path) -> Path:
    """Python of Vidur's environment, made if it is not there."""
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    check = [str(python), "-c", "import vidur.simulator"]
    if python.exists() and subprocess.run(check, capture_output=True, check=False).returncode == 0:
        return python
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(python), "-m", "pip", "install", "-q", f"vidur=={VERSION}"]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"pip install vidur=={VERSION}: {done.stderr.strip().splitlines()[-1]}")
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"vidur is installed but does not load: {done.stderr.strip()[-300:]}")
    return python


def workload(n: int, rate: float) -> Any:
    """Azure's lengths (the log if it was fetched, else our fit), Poisson arrivals."""
    import numpy as np

    from taotie.workload.chat import chat_lengths
    from taotie.workload.requests import Requests
    from taotie.workload.trace import published_trace

    log, rng = published_trace("azure-2023-conv"), np.random.default_rng(0)
    if log is not None:
        pick = rng.integers(0, len(log), n)
        prompt, output = log.prompt_tokens[pick], log.output_tokens[pick]
    else:
        prompt, output = chat_lengths().sample(n, rng)
    t = np.cumsum(rng.exponential(1.0 / rate, n))
    name = (
        "Azure's conversation hour" if log is not None else "our fit to Azure's conversation hour"
    )
    return Requests(t - t[0], prompt, output, name=name)


def ours(requests: Any, replicas: int, repeat: int) -> dict[str, Any]:
    """The same requests and costs on our engine, median CPU time after the first (compiling) run."""
    import numpy as np

    from taotie.compute.serving.cost import IterationCosts, ReplicaLimits
    from taotie.compute.serving.service import ReplicaModel, Serving, simulate

    time_ps = [round(x * 1e9) for x in (FIXED, SEQUENCE, CONTEXT, PROMPT)]
    costs = IterationCosts.affine(BATCH, (*time_ps, 0), (3_000_000_000, 10**7, 10**4, 10**7, 0))
    limits = ReplicaLimits(BATCH, BLOCKS, token_budget=CHUNK, watermark_pages=BLOCKS // 100)
    serving = Serving(ReplicaModel("made up", costs, limits, 1, 70_000, 50_000, 0), replicas)
    run = simulate(requests, serving)
    cpu = []
    for _i in range(5 * repeat):  # each is short
        begin = time.process_time()
        run = simulate(requests, serving)
        cpu.append(time.process_time() - begin)
    return {
        "cpu_s": statistics.median(cpu),
        "first_token_s": run.ttft_s,
        "finish_s": np.asarray(run.finish_ps) / 1e12,
        "batch": run.summary()["mean_batch"],
    }


def compare(arguments: argparse.Namespace) -> None:
    """Both engines on the same requests, in one run."""
    import numpy as np

    requests = workload(arguments.requests, arguments.rate)
    n = len(requests)
    own = ours(requests, arguments.replicas, arguments.repeat)
    print(f"{n} requests, lengths of {requests.name}, Poisson {arguments.rate}/s, ", end="")
    print(
        f"{arguments.replicas} replica(s), round robin, chunks of {CHUNK}, at most {BATCH} sequences"
    )
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print(f"taotie     {n / own['cpu_s']:12.0f} requests/s/core   (mean batch {own['batch']:.1f})")
    try:
        python = installed(arguments.venv)
        with tempfile.TemporaryDirectory() as folder:
            place, out = Path(folder) / "requests.csv", Path(folder) / "out.json"
            with place.open("w", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow(["Date", "Time", "PromptTokenCount", "CompletionTokenCount"])
                rows = (requests.t_s, requests.prompt_tokens, requests.output_tokens)
                for t, p, o in zip(*rows, strict=True):
                    writer.writerow(["2023-11-16", repr(float(t)), int(p), int(o)])
            cpu = []
            for _i in range(arguments.repeat):
                command = [str(python), str(HERE), "--inside", str(place), str(out)]
                done = subprocess.run(
                    [*command, str(arguments.replicas), "native" if arguments.native else "python"],
                    capture_output=True,
                    text=True,
                    check=False,
                    cwd=folder,
                    timeout=arguments.timeout,
                )
                if done.returncode:
                    raise RuntimeError(f"vidur ended with: {done.stderr.strip().splitlines()[-1]}")
                found = json.loads(out.read_text())
                cpu.append(found["cpu_s"])
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"vidur {VERSION}: not measured here - {error}")
        print(f"quoted, measured elsewhere and not in this run: {QUOTED:.0f} requests/s/core")
        return
    each = n / statistics.median(cpu)
    native = ", compiled look-up of times" if arguments.native else ""
    print(f"vidur      {each:12.0f} requests/s/core   (version {VERSION}, metrics off{native})")
    print(f"ratio      {(n / own['cpu_s']) / each:12.0f}")
    print(
        f"vidur's own profiles: not in its package ({found['refused'] or 'fetched'}); tables filled here"
    )
    for key, what in (("first_token_s", "first token"), ("finish_s", "finish")):
        a, b = np.asarray(own[key]), np.asarray(found[key])
        if key == "finish_s":
            a, b = a - requests.t_s, b - requests.t_s
        print(
            f"{what:>12}: mean {a.mean():.3f} s ours, {b.mean():.3f} s vidur; "
            f"median of |ours/vidur - 1| {np.median(np.abs(a / b - 1)):.3f}"
        )
    print(
        "what each computes: both - continuous batching with chunked prompts, paged KV cache and preemption, time of each "
        "token of each request. Ours also - energy of each request and power over time, exact to the nanojoule, "
        "here on. Vidur also - measured kernel profiles, pipeline and sequence parallelism, disk cache, many metrics, "
        "here off.\n"
        "what this leaves out: Vidur is Python with a step per iteration, ours compiled and skips iterations, so "
        "language and method are not told apart (benchmarks/bench_simulator.py has a loop compiled the same way); "
        "accuracy against machines; start-up, reading of profiles, compiling."
    )


def written(path: Path, rows: int, rate: float) -> None:
    """A Parquet file of requests, a million rows at a time."""
    import duckdb
    import numpy as np

    from taotie.workload.chat import chat_lengths

    rng, lengths, t0 = np.random.default_rng(0), chat_lengths(), 0.0
    step = 1_000_000
    parts = path.with_suffix("")
    parts.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"threads": "1", "memory_limit": "1GB"}) as base:
        for k, low in enumerate(range(0, rows, step)):
            n = min(step, rows - low)
            t = t0 + np.cumsum(rng.exponential(1.0 / rate, n))
            t0 = float(t[-1])
            prompt, output = lengths.sample(n, rng)
            part = {
                "t_s": t,
                "prompt_tokens": prompt.astype(np.int32),
                "output_tokens": output.astype(np.int32),
            }
            base.register("part", part)
            base.execute(f"copy (select * from part) to '{parts}/{k:05d}.parquet' (format parquet)")
            base.unregister("part")
        base.execute("set preserve_insertion_order = true")
        base.execute(
            f"copy (select * from read_parquet('{parts}/*.parquet')) to '{path}' (format parquet)"
        )
    for part_file in parts.iterdir():
        part_file.unlink()
    parts.rmdir()


def stream(arguments: argparse.Namespace) -> None:
    """Write a long file and simulate it in flat memory; prints peak memory and wall time."""
    rows = int(arguments.rows)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = arguments.folder / f"requests_{rows}.parquet"
    if not path.exists():
        begin = time.perf_counter()
        written(path, rows, rows / 86_400.0)
        print(f"written: {path.stat().st_size / 1e6:.0f} MB in {time.perf_counter() - begin:.0f} s")
    command = [
        sys.executable, "-m", "taotie.app.cli.main", "simulate", str(path), "--stream", "--on", "8xh100",
        "--replicas", str(arguments.replicas), "--json",
    ]  # fmt: skip
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - begin
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    out = json.loads(done.stdout)
    print(
        f"{out['completed']} of {out['requests']} requests on {out['replicas']} replicas: wall {wall:.0f} s, "
        f"CPU {used.ru_utime + used.ru_stime:.0f} s, peak memory {used.ru_maxrss / 1024:.0f} MiB, "
        f"load average {os.getloadavg()[0]:.1f}"
    )
    if not arguments.keep:
        path.unlink()


def main() -> None:
    """Read the options and run."""
    if sys.argv[1:2] == ["--inside"]:
        peer(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "native")
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--rate", type=float, default=6.45)
    parser.add_argument("--replicas", type=int, default=0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=900.0)
    parser.add_argument("--venv", type=Path, default=HERE.parents[1] / ".cache" / "peers" / "vidur")
    parser.add_argument("--rows", type=float, default=0.0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--native", action="store_true", help="Vidur's compiled look-up of times")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    if arguments.rows:
        if arguments.folder is None:
            parser.error("--rows needs --folder")
        arguments.replicas = arguments.replicas or 600
        stream(arguments)
    else:
        arguments.replicas = arguments.replicas or 1
        compare(arguments)


if __name__ == "__main__":
    main()
