"""What models are asked, in words: different each time, so that no cache can answer.

Owns the prompts. A challenge asks for two words that stand in the prompt: repeating is what even a model does that only
continues texts (a base model of 270 million parameters did in five of six tries, and was cut by the limit in the rest).
"""

from collections.abc import Mapping
from secrets import choice, randbelow, token_hex
from types import MappingProxyType
from typing import Any

import orjson

from monitor.domain.ask import Tool, ToolTurn
from monitor.domain.expect import Expect
from monitor.domain.reply import ToolCall

_NONCE_BYTES = 4
_LEAST, _SPAN = 1000, 9000
_SIMPLE = (
    "apple anchor autumn basket bridge button candle carpet cherry circle copper cotton desert dragon "
    "engine feather finger flower forest garden guitar hammer harbor helmet island jacket jungle kettle "
    "ladder lemon lizard magnet marble market meadow mirror monkey mountain needle ocean orange paper "
    "pencil pepper pillow planet pocket rabbit ribbon river rocket saddle salmon silver spider summer "
    "table tiger tunnel turtle velvet violet window winter"
)
_WORDS = tuple(_SIMPLE.split())
_TOWNS = ("Lisbon", "Nairobi", "Oslo", "Quito", "Seoul", "Tunis", "Utrecht", "Vienna", "Warsaw", "Zagreb")

WEATHER_STATION = Tool(
    name="weather_station",
    description="The number of the weather station of a town.",
    parameters=MappingProxyType(
        {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
    ),
)


def plain() -> str:
    """The least that can be asked."""
    return f"Say OK. ({token_hex(_NONCE_BYTES)})"


def number() -> str:
    """Four digits that only the function gives."""
    return str(_LEAST + randbelow(_SPAN))


def town() -> str:
    """What the offered function is to be called with."""
    return choice(_TOWNS)


def words() -> str:
    """Two words that nobody can know before."""
    return f"{choice(_WORDS)} {choice(_WORDS)}"


def challenge(wanted: str, expect: Expect) -> str:
    """Asks for `wanted` to be repeated, as JSON where that is expected."""
    if expect.json:
        return f"Repeat this JSON object, nothing else: {_json({'words': wanted})}"
    return f'Repeat these words: "{wanted}"'


def for_expected(expect: Expect) -> str:
    """A question to which an answer as expected is natural, where nothing random is expected."""
    nonce = token_hex(_NONCE_BYTES)
    if expect.prompt is not None:
        return f"{expect.prompt} ({nonce})"
    if expect.json:
        return f'Answer with the JSON object {{"ok": true}} and nothing else. ({nonce})'
    if expect.min_length is not None:
        return f"Count upwards from 1, with commas in between. ({nonce})"
    return plain()


def for_tool(where: str) -> str:
    """Asks for something that only the function knows."""
    return f"What is the number of the weather station of {where}? Call the function, then say the number."


def given(call: ToolCall, found: str) -> ToolTurn:
    """The function was called, and this is what it gave."""
    return ToolTurn(call, _json({"station_number": int(found)}))


def _json(value: Mapping[str, Any]) -> str:
    return orjson.dumps(value).decode()
