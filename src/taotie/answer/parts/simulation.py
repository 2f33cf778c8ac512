"""What do pages and pictures of a simulation take from the rooms? Types, words and drawings, handed through."""

from __future__ import annotations

from taotie.compute.energy.energy_per_request import IDLE_TDP_SHARE
from taotie.compute.energy.runtime_profile import runtime_profile
from taotie.compute.energy.serving_setup import MEMORY_IN_USE, RESERVED_B
from taotie.compute.serving import profile
from taotie.compute.serving.case import KV_LINK_B_S, CaseRun, ServingCase, miss_of, setup_of
from taotie.compute.serving.profile import (
    BatchTime,
    EnergyByLength,
    EnergyDistribution,
    TimeCourse,
)
from taotie.compute.serving.promise_cost import PromiseCurve
from taotie.compute.serving.service import ServiceLevel, ServingRun
from taotie.hardware.server import server_of
from taotie.workload.requests import Requests

__all__ = [
    "IDLE_TDP_SHARE",
    "KV_LINK_B_S",
    "MEMORY_IN_USE",
    "RESERVED_B",
    "BatchTime",
    "CaseRun",
    "EnergyByLength",
    "EnergyDistribution",
    "PromiseCurve",
    "Requests",
    "ServiceLevel",
    "ServingCase",
    "ServingRun",
    "TimeCourse",
    "miss_of",
    "profile",
    "runtime_profile",
    "server_of",
    "setup_of",
]
