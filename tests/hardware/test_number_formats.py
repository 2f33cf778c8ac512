"""Formats: a chip that lacks the one of the release serves the next wider one, and says so."""

from rows import each_row
from taotie.hardware.accelerator import accelerator, accelerators
from taotie.hardware.number_formats import served_format


@each_row(
    ("chip", "asked", "held", "words"),
    [
        ("h100", "fp8", "fp8", None),
        ("b200", "nvfp4", "nvfp4", None),
        ("mi300x", "fp8", "fp8", None),
        ("a100", "fp8", "fp8", "unpacked"),
        ("h200", "nvfp4", "int4", "unpacked"),
        ("a100", "int4", "int4", None),
        ("t4", "bf16", "bf16", "fp16"),
        ("v100", "fp8", "bf16", "fp16"),
        ("p100", "int4", "bf16", "fp16"),
        ("t4", "int4", "int4", None),
        ("t4", "mxfp4", "bf16", "fp16"),
        ("tpu-v7", "mxfp4", "fp8", "fp8"),
        ("tpu-v5e", "fp8", "bf16", "bf16"),
        ("tpu-v5e", "int8", "int8", None),
    ],
)
def test_worked_next_wider_format(chip, asked, held, words):
    found = served_format(accelerator(chip), asked)
    assert found.precision == held
    if words is None:
        assert found.said is None
    else:
        assert found.said is not None
        assert words in found.said.text("en")
        assert found.said.text("zh") != found.said.text("en")


def test_property_every_chip_serves_every_release():
    for chip in accelerators().values():
        for asked in ("fp32", "bf16", "fp8", "int8", "mxfp4", "nvfp4", "int4"):
            found = served_format(chip, asked)
            assert found.precision in ("fp32", "bf16", "fp8", "int8", "mxfp4", "nvfp4", "int4")
            assert found.said is not None or found.precision == asked
