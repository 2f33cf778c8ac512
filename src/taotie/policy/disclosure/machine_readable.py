"""How is energy written for machines? BoAmps, CycloneDX ML-BOM and SPDX 3 AI profile, in their own units. [kWh]

Each file is written from the same facts and checked in tests against the standard's own schema or library. A value a standard
requires and nobody knows is listed as missing and the document is left out, not filled with a guess.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from taotie import __version__
from taotie.policy.disclosure.facts import Fact, Facts
from taotie.policy.disclosure.form import (
    Disclosure,
    Field,
    needed_boundary,
    plain_number,
    status_of,
)
from taotie.words.language import N_

__all__ = ["boamps", "cyclonedx", "quality_of", "spdx"]

ACTIVITIES = ("design", "data-collection", "data-preparation", "training", "fine-tuning", "validation", "deployment", "inference", "other")  # fmt: skip
STAGES = {"training": ("training_energy", "energy"), "inference": ("annual_energy", "energy_per_request", "inference_energy")}  # fmt: skip


def quality_of(fact: Fact) -> str:
    """BoAmps: high within 10 %, medium within 25 %, low within 50 % of the value; empty if nothing is known or it is wider.

    Examples
    --------
    >>> quality_of(Fact("e", 100.0, "kWh", 92.0, 109.0)), quality_of(Fact("e", 100.0, "kWh", 60.0, 180.0))
    ('high', '')
    >>> [quality_of(Fact("e", 100.0, "kWh", 100.0, high)) for high in (110.0, 125.0, 150.0, 151.0)]
    ['high', 'medium', 'low', '']
    """
    if fact.low is None or fact.high is None or not isinstance(fact.value, float) or not fact.value:
        return ""
    # 110 over 100 is a little more than 1.1 in binary
    off = round(max(fact.high / fact.value - 1, 1 - fact.low / fact.value), 9)
    return "high" if off <= 0.10 else "medium" if off <= 0.25 else "low" if off <= 0.50 else ""


def _energy(facts: Facts) -> tuple[Fact | None, str]:
    """Energy in kWh with the activity it belongs to."""
    stage = facts.text("activity", "stage", "taskStage")
    for name, keys in STAGES.items():
        if stage and stage != name:
            continue
        raw = facts.find(*keys)
        if raw is None or isinstance(raw.value, str):
            continue
        unit = (
            "kWh/a"
            if raw.unit.endswith("/a")
            else "kWh/request"
            if "request" in raw.unit
            else "kWh"
        )
        return facts.number(unit, raw.key), name
    return facts.number("kWh", "energy"), stage


def _rows(
    energy: Fact | None, stage: str, facts: Facts, boundary: Mapping[str, Any]
) -> list[Field]:
    model = facts.text("model", "name")
    fields = [
        Field("model", N_("Model"), model, model, status="given") if model else Field("model", N_("Model"), missing=(N_("name of the model"),)),
        Field("activity", N_("Activity"), stage, stage, status="given") if stage else Field("activity", N_("Activity"), missing=(N_("activity: training, inference ..."),)),
    ]  # fmt: skip
    if energy is None:
        fields.append(
            Field("energy", N_("Energy"), unit="kWh", missing=(N_("energy of the activity"),))
        )
    else:
        value = float(energy.value)
        unit = "kWh" if energy.unit != "kWh/request" else "kWh/request"
        fields.append(Field("energy", N_("Energy"), f"{plain_number(value)} {unit}", value, unit, energy.low, energy.high, status_of(energy), str(boundary["level"]), sources=energy.sources))  # fmt: skip
    return fields


def _identity(*parts: object) -> uuid.UUID:
    """The same content has the same number: no clock, no dice."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return uuid.UUID(bytes=digest[:16], version=4)


def boamps(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """A report in the format of Boavizta."""
    energy, stage = _energy(facts)
    boundary = needed_boundary(facts, options, energy)
    fields = _rows(energy, stage, facts, boundary)
    wanted = {
        "taskFamily": N_("family of the task, such as text generation"), "infraType": N_("publicCloud, privateCloud, onPremise or other"),
        "nbComponent": N_("number of accelerators"), "dataType": N_("kind of data: token, text, image ..."), "country": N_("country"),
    }  # fmt: skip
    labels = {"taskFamily": N_("Family of the task"), "infraType": N_("Infrastructure"), "nbComponent": N_("Number of accelerators"), "dataType": N_("Kind of data"), "country": N_("Country")}  # fmt: skip
    values: dict[str, Any] = {}
    for key, what in wanted.items():
        aliases = {"nbComponent": ("nbComponent", "accelerators"), "dataType": ("dataType", "data_type")}.get(key, (key,))  # fmt: skip
        found = facts.find(*aliases)
        if found is None:
            fields.append(Field(key, labels[key], missing=(what,)))
            continue
        values[key] = found.value
        text = plain_number(found.value) if isinstance(found.value, float) else found.value
        fields.append(Field(key, labels[key], text, found.value, status=status_of(found)))
    chip = facts.text("accelerator", "hardware")
    document = None
    if (
        energy is not None
        and stage
        and {"taskFamily", "infraType", "nbComponent", "dataType"} <= set(values)
    ):
        per_request = energy.unit == "kWh/request"
        dated = facts.text("date")
        header = {
            "formatVersion": "1.1.0", "formatVersionSpecificationUri": "https://github.com/Boavizta/BoAmps/tree/main/model",
            "reportId": str(_identity(fields)), "reportDatetime": dated, "reportStatus": "draft",
        }  # fmt: skip
        document = {
            **({"header": header} if dated else {}),
            "task": {
                "taskStage": stage, "taskFamily": values["taskFamily"],
                "algorithms": [{"algorithmType": "llm", **({"foundationModelName": model} if (model := facts.text("model", "name")) else {})}],
                "dataset": [{"dataUsage": "input", "dataType": values["dataType"]}],
                **({"nbRequest": 1} if per_request else {}),
                "taskDescription": f"boundary: {boundary['level']}",
            },
            "measures": [{"measurementMethod": "measured" if energy.kind == "measured" else f"taotie {__version__}", "powerConsumption": float(energy.value)}],
            "infrastructure": {"infraType": values["infraType"], "components": [
                {"componentType": "gpu", "nbComponent": round(float(values["nbComponent"])), **({"componentName": chip} if chip else {})}]},
        }  # fmt: skip
        if "country" in values:
            document["environment"] = {"country": values["country"]}
        quality = quality_of(energy)
        if quality:
            document["quality"] = quality
    return Disclosure("boamps", "BoAmps report schema, 2025", N_("Energy report in the BoAmps format"), boundary, tuple(fields), document, supersedes=str(options.get("supersedes") or ""))  # fmt: skip


def cyclonedx(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """A bill of materials of a model with its energy; kWh and tCO2eq are the only units."""
    energy, stage = _energy(facts)
    boundary = needed_boundary(facts, options, energy)
    fields = _rows(energy, stage, facts, boundary)
    per_request = energy is not None and energy.unit == "kWh/request"
    model = facts.text("model", "name")
    provider = facts.text("energy_provider")
    source = facts.text("energy_source") or "unknown"
    fields.append(Field("energy_provider", N_("Provider of the energy"), provider, provider, status="given") if provider else Field("energy_provider", N_("Provider of the energy"), missing=(N_("who provides the energy (energy_provider)"),)))  # fmt: skip
    co2 = facts.number("tCO2e", "emissions", "annual_emissions") if not per_request else None
    document = None
    if energy is not None and stage in ACTIVITIES and model and not per_request:
        value = float(energy.value)
        consumption: dict[str, Any] = {
            "activity": stage,
            # the schema wants a list; who provides the energy is not guessed
            "energyProviders": [
                {"organization": {"name": provider}, "energySource": source, "energyProvided": {"value": value, "unit": "kWh"}}
            ] if provider else [],
            "activityEnergyCost": {"value": value, "unit": "kWh"},
        }  # fmt: skip
        if co2 is not None:
            consumption["co2CostEquivalent"] = {"value": float(co2.value), "unit": "tCO2eq"}
        notes = [{"name": "taotie:boundary", "value": str(boundary["level"])}]
        if "pue" in boundary:
            notes.append({"name": "taotie:pue", "value": f"{boundary['pue']:g}"})
        if energy.low is not None and energy.high is not None:
            notes.append(
                {"name": "taotie:kWh_p05_p95", "value": f"{energy.low:.6g} to {energy.high:.6g}"}
            )
        if energy.unit.endswith("/a"):
            notes.append({"name": "taotie:period", "value": "1 a"})
        consumption["properties"] = notes
        document = {
            "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{_identity(model, value, stage)}", "version": 1,
            "metadata": {"tools": {"components": [{"type": "application", "name": "taotie", "version": __version__}]}},
            "components": [{"type": "machine-learning-model", "bom-ref": "model", "name": model, "modelCard": {
                "considerations": {"environmentalConsiderations": {"energyConsumptions": [consumption]}}}}],
        }  # fmt: skip
    elif per_request:
        fields.append(Field("document", N_("Document"), missing=(N_("energy of the activity in kWh: the format knows no energy of one request"),)))  # fmt: skip
    return Disclosure("cyclonedx", "CycloneDX 1.6", N_("CycloneDX ML-BOM with energy"), boundary, tuple(fields), document, supersedes=str(options.get("supersedes") or ""))  # fmt: skip


def spdx(facts: Facts, options: Mapping[str, Any]) -> Disclosure:
    """An SPDX 3 document with the AI profile's energy."""
    energy, stage = _energy(facts)
    boundary = needed_boundary(facts, options, energy)
    fields = _rows(energy, stage, facts, boundary)
    model = facts.text("model", "name")
    created, license_ = facts.text("date"), facts.text("license")
    fields.append(Field("created", N_("Date of the document"), created, created, status="given") if created else Field("created", N_("Date of the document"), missing=(N_("date, such as 2026-11-30T00:00:00Z (date)"),)))  # fmt: skip
    if license_:
        fields.append(Field("license", N_("Licence"), license_, license_, status="given"))
    name = {"training": "ai_trainingEnergyConsumption", "fine-tuning": "ai_finetuningEnergyConsumption", "inference": "ai_inferenceEnergyConsumption"}.get(stage)  # fmt: skip
    document = None
    if energy is not None and name and model and created:
        moment = created if "T" in created else f"{created}T00:00:00Z"
        base = f"urn:uuid:{_identity(model, float(energy.value), stage)}"
        per_request = energy.unit == "kWh/request"
        package = {
            "type": "ai_AIPackage", "spdxId": f"{base}#model", "creationInfo": "_:creation", "name": model,
            "ai_energyConsumption": {"type": "ai_EnergyConsumption", name: [
                {"type": "ai_EnergyConsumptionDescription", "ai_energyQuantity": float(energy.value), "ai_energyUnit": "kilowattHour"}]},
            "ai_informationAboutApplication": f"Energy at the {boundary['level']} boundary" + (f", PUE {boundary['pue']:g}" if "pue" in boundary else "") + (", per request" if per_request else "") + ".",
        }  # fmt: skip
        document = {
            "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
            "@graph": [
                {"type": "CreationInfo", "@id": "_:creation", "specVersion": "3.0.1", "created": moment, "createdBy": [f"{base}#maker"]},
                {"type": "SoftwareAgent", "spdxId": f"{base}#maker", "creationInfo": "_:creation", "name": f"taotie {__version__}"},
                {"type": "SpdxDocument", "spdxId": f"{base}#document", "creationInfo": "_:creation", "profileConformance": ["core", "ai"], "rootElement": [f"{base}#model"], "element": [f"{base}#model", f"{base}#maker"]},
                package,
            ],
        }  # fmt: skip
    return Disclosure("spdx", "SPDX 3.0.1, AI profile", N_("SPDX 3 document with the AI profile's energy"), boundary, tuple(fields), document, supersedes=str(options.get("supersedes") or ""))  # fmt: skip
