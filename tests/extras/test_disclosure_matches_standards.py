"""Files for machines against each standard's own schema or library; the packages are no dependencies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from taotie.policy.disclosure.facts import Facts, given_fact
from taotie.policy.disclosure.forms import filled


def made(form, *texts):
    found = Facts()
    for text in texts:
        found.add(given_fact(text))
    return filled(form, found)


TRAINING = ("training_energy=1287 MWh @facility", "pue=1.1", "model=gpt-3 <x> & 汉字", "emissions=552 tCO2e", "date=2026-11-30")  # fmt: skip


@pytest.mark.parametrize("more", [(), ("energy_provider=A & B", "energy_source=wind")])
def test_matches_cyclonedx_schema(more):
    cyclonedx = pytest.importorskip(
        "cyclonedx", reason="the package cyclonedx-python-lib is not installed"
    )
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    from referencing import Registry, Resource

    folder = Path(cyclonedx.__file__).parent / "schema" / "_res"
    schemas = {
        p.name.replace(".SNAPSHOT", ""): json.loads(p.read_text()) for p in folder.glob("*.json")
    }
    resources = [(s.get("$id", f"http://cyclonedx.org/schema/{n}"), Resource.from_contents(s)) for n, s in schemas.items()]  # fmt: skip
    registry = Registry().with_resources(resources)
    document = made("cyclonedx", *TRAINING, *more).document
    jsonschema.Draft7Validator(schemas["bom-1.6.schema.json"], registry=registry).validate(document)
    one = document["components"][0]["modelCard"]["considerations"]["environmentalConsiderations"]["energyConsumptions"][0]  # fmt: skip
    assert one["activityEnergyCost"] == {"value": 1_287_000.0, "unit": "kWh"}
    assert one["co2CostEquivalent"] == {"value": 552.0, "unit": "tCO2eq"}
    assert bool(one["energyProviders"]) == bool(more)


def test_matches_spdx_model():
    model = pytest.importorskip(
        "spdx_python_model", reason="the package spdx-python-model is not installed"
    )
    document = made("spdx", *TRAINING).document
    objects = model.v3_0_1.SHACLObjectSet()
    model.v3_0_1.JSONLDDeserializer().deserialize_data(document, objects)
    package = next(iter(objects.foreach_type("ai_AIPackage")))
    one = package.ai_energyConsumption.ai_trainingEnergyConsumption[0]
    assert one.ai_energyQuantity == 1_287_000.0
    assert str(one.ai_energyUnit).endswith("kilowattHour")
    assert not objects.missing_ids


# the required keys and kinds of the published schema (model/*.json, CC BY 4.0), written down by hand; its own file
# names `measures` as a key every measure must have, which is left out here
BOAMPS = {
    "type": "object", "required": ["task", "measures", "infrastructure"],
    "properties": {
        "task": {"required": ["taskStage", "taskFamily", "algorithms", "dataset"], "properties": {
            "algorithms": {"type": "array", "minItems": 1}, "taskStage": {"type": "string"},
            "dataset": {"type": "array", "minItems": 1, "items": {"required": ["dataUsage", "dataType"], "properties": {
                "dataUsage": {"enum": ["input", "output"]},
                "dataType": {"enum": ["tabular", "audio", "boolean", "image", "video", "object", "text", "token", "word", "other"]}}}}}},
        "measures": {"type": "array", "minItems": 1, "items": {"required": ["measurementMethod", "powerConsumption"], "properties": {"powerConsumption": {"type": "number"}}}},
        "infrastructure": {"required": ["infraType", "components"], "properties": {
            "infraType": {"enum": ["publicCloud", "privateCloud", "onPremise", "other"]},
            "components": {"type": "array", "minItems": 1, "items": {"required": ["componentType", "nbComponent"], "properties": {"nbComponent": {"type": "integer"}}}}}},
        "quality": {"enum": ["high", "medium", "low"]},
        "environment": {"required": ["country"]},
    },
}  # fmt: skip


def test_matches_boamps_schema():
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    known = (
        "taskFamily=text generation",
        "infraType=onPremise",
        "accelerators=8",
        "dataType=token",
        "country=France",
    )
    document = made(
        "boamps", "training_energy=1180 to 1400 MWh @facility", *TRAINING[1:], *known
    ).document
    jsonschema.validate(document, BOAMPS)
    assert document["measures"][0]["powerConsumption"] == pytest.approx((1180 * 1400) ** 0.5 * 1e3)
    assert document["quality"] == "high"
    assert made("boamps", *TRAINING).document is None, (
        "what is required and unknown is not invented"
    )
