"""taotie: how much electricity AI eats, from one prompt to the power grid.

The names most people need; each is loaded when it is first used, so that `import taotie` is quick. The questions
(`prompt`, `run`, `simulate` ...) take settings by name and give one `Answer`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    # the questions
    "prompt": "taotie.answer.prompt",
    "prompts": "taotie.answer.prompts",
    "crowd": "taotie.answer.crowd",
    "run": "taotie.answer.study",
    "generate": "taotie.answer.generate",
    "embed": "taotie.answer.embed",
    "compare": "taotie.answer.compare",
    "requests": "taotie.answer.requests",
    "simulate": "taotie.answer.simulate",
    "train": "taotie.answer.train",
    "mine": "taotie.answer.mine",
    "capacity": "taotie.answer.capacity",
    "sites": "taotie.answer.capacity_more",
    "headroom": "taotie.answer.headroom",
    "dispatch": "taotie.answer.dispatch",
    "split": "taotie.answer.split",
    "supply": "taotie.answer.supply",
    "flex": "taotie.answer.flex",
    "swings": "taotie.answer.swings",
    "power": "taotie.answer.power",
    "disclose": "taotie.answer.disclose",
    "label": "taotie.answer.label",
    "check_label": "taotie.answer.label",
    "tax": "taotie.answer.tax",
    "rules": "taotie.answer.tax",
    "check": "taotie.answer.check",
    "meter_show": "taotie.answer.meter_live",
    "meter_import": "taotie.answer.meter",
    "meter_report": "taotie.answer.meter",
    "meter_usage": "taotie.answer.meter_usage",
    "validate_serving": "taotie.answer.validate",
    "validate_mlenergy": "taotie.answer.validate",
    "predict": "taotie.answer.validate",
    "calibrate": "taotie.answer.validate",
    "models": "taotie.answer.models",
    "chips": "taotie.answer.chips",
    "regions": "taotie.answer.regions",
    "ask": "taotie.answer.asking",
    "schema_of": "taotie.answer.schema",
    # what they give, and what it is made of
    "Answer": "taotie.answer.answer",
    "Figure": "taotie.quantity.figure",
    "Profile": "taotie.quantity.profile",
    "Said": "taotie.words.said",
    "TaotieError": "taotie.errors",
    "figure": "taotie.quantity.catalog",
    "leaf": "taotie.quantity.figure",
    "lifted": "taotie.quantity.lift",
    "sampling": "taotie.quantity.sampling",
    "source": "taotie.quantity.catalog",
    "table": "taotie.quantity.catalog",
    # what is asked, on what, where
    "Requests": "taotie.workload.requests",
    "read_trace": "taotie.workload.trace",
    "Case": "taotie.grid.case.case",
    "read_case": "taotie.grid.case.case",
    "Meter": "taotie.metering.meter",
    "EnergyWindow": "taotie.metering.window",
    "model_architecture": "taotie.compute.energy.model_architecture",
    "accelerator": "taotie.hardware.accelerator",
    "speaking": "taotie.words.language",
}
_ROOMS = {
    "audit": ("taotie.answer.audit", "audit"),
    "fleet": ("taotie.answer.fleet", "fleet"),
    "facility": ("taotie.answer.facility", "facility"),
}
"""Questions that have the name of a room: the room's package can be called."""
_OTHERWISE = {
    "check": "check_sentence",
    "label": "energy_label",
    "meter_show": "stored",
    "meter_import": "meter_files",
    "meter_usage": "usage_report",
}
"""Names that are others where they stand."""
__all__ = sorted([*_WHERE, *_ROOMS, "__version__"])


class _Asked(ModuleType):
    """A room that can be asked: `taotie.fleet(...)` is the question, `taotie.fleet.forecast` a file of the room."""

    def __call__(self, *places: Any, **settings: Any) -> Any:
        name = self.__name__.rpartition(".")[2]
        module, function = _ROOMS[name]
        return getattr(import_module(module), function)(*places, **settings)


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        try:
            return getattr(import_module(_WHERE[name]), _OTHERWISE.get(name, name))
        except ModuleNotFoundError as error:
            from taotie.files.extras import lacking

            raise lacking(error) from error
    if name in _ROOMS:
        return import_module(f"taotie.{name}")
    raise AttributeError(f"module 'taotie' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
