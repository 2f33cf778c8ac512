"""One estimate by EcoLogits, without a network: its own function behind every provider it traces. JSON lines of seconds."""

from __future__ import annotations

import json
import logging
import sys
import time

logging.disable(logging.WARNING)
from ecologits.tracers.utils import llm_impacts  # noqa: E402

runs, calls = int(sys.argv[1]), int(sys.argv[2])


def one(number: int) -> object:
    return llm_impacts(
        provider="openai", model_name="gpt-4o", output_token_count=100 + number,
        request_latency=2.0, electricity_mix_zone="USA",
    )  # fmt: skip


one(0)
for _run in range(runs):
    began = time.process_time()
    for number in range(calls):
        one(number)
    print(json.dumps((time.process_time() - began) / calls), flush=True)
    sys.stdin.readline()  # the other's turn
