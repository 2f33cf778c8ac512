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


# the required keys, kinds and lists of the published schema (model/*.json, CC BY 4.0), written down by hand; its own file
# names `measures` as a key every measure must have, which is left out here; of a measure it asks only for what we know of it
TEXT, NUMBER, WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}


def _of(required=(), **properties):
    return {"type": "object", "required": list(required), "properties": properties}


def _many(item):
    return {"type": "array", "minItems": 1, "items": item}


BOAMPS = _of(
    ("task", "measures", "infrastructure"),
    header=_of(("reportDatetime",), licensing=TEXT, formatVersion=TEXT, formatVersionSpecificationUri=TEXT, reportId=TEXT, reportDatetime=TEXT,
               reportStatus={"enum": ["draft", "final", "corrective", "other"]},
               publisher=_of(("confidentialityLevel",), confidentialityLevel={"enum": ["public", "internal", "confidential", "secret"]})),
    task=_of(("taskStage", "taskFamily", "algorithms", "dataset"), taskStage=TEXT, taskFamily=TEXT, nbRequest=NUMBER, taskDescription=TEXT, measuredAccuracy=SHARE,
             algorithms=_many(_of((), algorithmType=TEXT, algorithmName=TEXT, foundationModelName=TEXT, foundationModelUri=TEXT, parametersNumber=NUMBER, framework=TEXT, quantization=TEXT)),
             dataset=_many(_of(("dataUsage", "dataType"), dataUsage={"enum": ["input", "output"]}, dataSize=NUMBER, dataQuantity=NUMBER,
                               dataType={"enum": ["tabular", "audio", "boolean", "image", "video", "object", "text", "token", "word", "other"]},
                               source={"enum": ["public", "private", "other"]}))),
    measures=_many(_of(("measurementMethod", "powerConsumption"), measurementMethod=TEXT, powerConsumption=NUMBER, measurementDuration=NUMBER, measurementDateTime=TEXT)),
    system=_of(("os",), os=TEXT), software=_of(("language",), language=TEXT, version=TEXT),
    infrastructure=_of(("infraType", "components"), infraType={"enum": ["publicCloud", "privateCloud", "onPremise", "other"]}, cloudProvider=TEXT,
                       components=_many(_of(("componentType", "nbComponent"), componentName=TEXT, componentType=TEXT, nbComponent=WHOLE, memorySize=WHOLE, share=SHARE))),
    environment=_of(("country",), country=TEXT, latitude=NUMBER, longitude=NUMBER, powerSourceCarbonIntensity=NUMBER,
                    powerSource={"enum": ["solar", "wind", "nuclear", "hydroelectric", "gas", "coal", "other"]}),
    quality={"enum": ["high", "medium", "low"]},
)  # fmt: skip


def test_matches_boamps_schema_for_a_request():
    jsonschema = pytest.importorskip("jsonschema", reason="the package jsonschema is not installed")
    known = ("taskFamily=chatbot", "infraType=publicCloud", "accelerators=2", "dataType=token", "model=llama2-13b", "accelerator=V100")  # fmt: skip
    document = made("boamps", "energy_per_request=2.67074 Wh/request @server", *known).document
    jsonschema.validate(document, BOAMPS)
    # the published example of a chat: one request, its energy in kWh
    assert document["measures"][0]["powerConsumption"] == pytest.approx(0.00267074)
    assert (document["task"]["nbRequest"], document["task"]["taskStage"]) == (1, "inference")
    assert "header" not in document or "reportDatetime" in document["header"]


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
