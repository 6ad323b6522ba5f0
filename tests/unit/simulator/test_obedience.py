"""What a model that does as told answers."""

import pytest

from monitor.simulator.obedience import answer_to, answer_with, arguments_for

TOWN = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("Say OK. (1a2b3c4d)", "OK"),
        ('Repeat these words: "silver canoe"', "silver canoe"),
        ("Reply with \u201cblue\u201d only.", "blue"),
        ('Repeat this JSON object, nothing else: {"words": "a b"}', '{"words": "a b"}'),
        ('It is "quoted", and nothing is wanted', "OK"),
        (None, "OK"),
    ],
)
def test_what_is_to_be_repeated_is_repeated(prompt: str | None, answer: str) -> None:
    """A quotation or a JSON object; else OK."""
    assert answer_to(prompt) == answer


def test_counting_is_long() -> None:
    """For expectations of a length."""
    assert answer_to("Count upwards from 1, with commas in between. (ab12cd34)").startswith("1, 2, 3, ")


def test_the_result_of_a_function_is_passed_on() -> None:
    """As it came."""
    assert '{"station_number":4711}' in answer_with('{"station_number":4711}')


@pytest.mark.parametrize(
    ("prompt", "town"),
    [
        ("What is the number of the station of Lisbon? Call the function.", "Lisbon"),
        ('For "Bern".', "Bern"),
        ("x", "OK"),
    ],
)
def test_a_function_is_called_with_what_the_prompt_names(prompt: str, town: str) -> None:
    """A quotation, or a name within a sentence."""
    assert arguments_for(TOWN, prompt) == {"town": town}


def test_arguments_fit_their_schema() -> None:
    """Whatever the types; a schema that is none has no arguments."""
    schema = {
        "properties": {
            "number": {"type": "integer"},
            "flag": {"type": "boolean"},
            "unit": {"enum": ["C", "F"]},
            "fixed": {"const": 7},
            "list": {"type": "array"},
            "place": {"type": "object", "properties": {"name": {"type": "string"}}},
            "odd": None,
        }
    }
    found = arguments_for(schema, None)
    assert found == {
        "number": 1, "flag": True, "unit": "C", "fixed": 7, "list": [], "place": {"name": "OK"}, "odd": "OK",
    }  # fmt: skip
    assert arguments_for({}, None) == {}
