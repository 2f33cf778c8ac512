"""A name that is no model: a service is told as one, with the way to estimate it; a kind is answered with models of it."""

from __future__ import annotations

import pytest

from taotie.compute.closed_names import PRODUCTS, product_named
from taotie.compute.energy.generation import _FILMS, _PICTURES, diffusion_model
from taotie.compute.energy.model_architecture import model_architecture, model_architectures
from taotie.errors import UnknownNameError
from taotie.words.language import speaking


@pytest.mark.parametrize("name", [name for one in PRODUCTS for name in one.names])
def test_worked_services_are_told_as_closed(name: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        model_architecture(name)
    assert "is a service of" in caught.value.message
    assert f"-m {name} --price-in" in caught.value.hint
    assert "bloom" not in caught.value.hint  # no list by the alphabet


def test_worked_what_the_maker_published_is_named_first() -> None:
    with pytest.raises(UnknownNameError) as caught:
        model_architecture("Kimi")
    assert "kimi-k2" in caught.value.hint
    with speaking("zh"), pytest.raises(UnknownNameError) as caught:
        model_architecture("豆包")
    assert "闭源" in caught.value.message
    assert "--price-in" in caught.value.hint


def test_property_no_model_of_the_table_is_taken_for_a_service() -> None:
    for name in model_architectures():
        assert model_architecture(name).name
    assert product_named("llama-3.1-8b") is None


@pytest.mark.parametrize("word", ["image", "an image", "video", "films", "图片", "视频"])
def test_worked_a_kind_is_answered_with_models_of_it(word: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        diffusion_model(word)
    for model in (*_PICTURES, *_FILMS):
        assert model in caught.value.hint
        assert diffusion_model(model).name == model
    assert "did you mean" not in caught.value.hint


def test_worked_a_slip_of_a_name_still_finds_it() -> None:
    with pytest.raises(UnknownNameError) as caught:
        diffusion_model("hunyuanvdeo")
    assert "did you mean hunyuanvideo" in caught.value.hint
