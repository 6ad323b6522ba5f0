"""A model list is read leniently, and what it lacks is told with the nearest names."""

from typing import Any

import pytest

from monitor.domain.model_list import listed_models, read_model_list
from monitor.domain.reading import Reading


@pytest.mark.parametrize(
    ("document", "listed"),
    [
        ({"data": [{"id": "b"}, {"id": "a"}, {"id": 1}, "c"]}, ("b", "a")),
        ([{"id": "a"}], ("a",)),
        ({"models": [{"name": "models/a"}]}, ("models/a",)),
        ({"models": [{"model": "x"}], "data": [{"id": "a"}]}, ("a",)),
        ({"data": {"id": "a"}}, ()),
        (None, ()),
    ],
)
def test_listed_models(document: Any, listed: tuple[str, ...]) -> None:
    """The ids come in the list's own order, and nonsense has none."""
    assert listed_models(document) == listed


def test_only_three_missing_models_are_named() -> None:
    """The rest is counted, so that the reason stays short."""
    models = read_model_list({"data": [{"id": "zz"}]}, ["a1", "b2", "c3", "d4", "e5"])
    assert (models.reading, models.lacks) == (Reading.INCOMPLETE_LIST, "not in the model list: a1, b2, c3, and 2 more")


def test_the_nearest_name_ignores_case_and_finds_a_prefix() -> None:
    """A forgotten vendor and another case are what people get wrong."""
    models = read_model_list({"data": [{"id": "openai/gpt-4.1"}, {"id": "x"}]}, ["GPT-4.1"])
    assert models.lacks == "not in the model list: GPT-4.1 (nearest: openai/gpt-4.1)"


def test_a_list_beside_an_error_is_an_error() -> None:
    """An error that says it is one goes before whatever else is there."""
    assert read_model_list({"error": "boom", "data": [{"id": "a"}]}).reading is Reading.ERROR
