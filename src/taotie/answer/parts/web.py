"""What do the pages of the service take from the rooms? Names that are known, profiles of engines, readers of a text."""

from __future__ import annotations

from taotie.audit.article_text import audit_text
from taotie.audit.cite import STYLES
from taotie.compute.energy.model_architecture import model_architectures
from taotie.compute.energy.runtime_profile import gates, runtime_profiles
from taotie.grid.emissions import intensity_regions, region_name
from taotie.hardware.accelerator import accelerators

__all__ = [
    "STYLES",
    "accelerators",
    "audit_text",
    "gates",
    "intensity_regions",
    "model_architectures",
    "region_name",
    "runtime_profiles",
]
