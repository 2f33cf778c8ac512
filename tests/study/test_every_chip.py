"""Every accelerator of the table answers for a few models, with a range."""

import pytest

from taotie.hardware.accelerator import accelerators
from taotie.quantity.sampling import sampling
from taotie.study.one_request import one_request


@pytest.mark.parametrize("model", ["llama-3.1-8b", "qwen3-30b-a3b"])
def test_property_every_chip_answers(model):
    for name in accelerators():
        with sampling(100, 1):
            figure = one_request(
                model=model, tokens_in=300, tokens_out=300, accelerator=name, batch=8
            ).figures["energy_per_request"]
        assert 0 < figure.p05 < figure.p50 < figure.p95 < 100, name
