"""Whether an answer is what was expected of it; asked only where somebody expects something.

Owns how each expectation is judged. Text is compared as people would: a number is the same with commas or spaces in
it, JSON may stand in one fenced block. What a reply that falls short means for the status is ruled in `answer_rows`.
Pure.
"""

import re
from typing import Any

import orjson

from monitor.domain.ask import Ask, Tool
from monitor.domain.body import read_body
from monitor.domain.expect import Expect
from monitor.domain.patterns import PatternError, is_found
from monitor.domain.reply import LENGTH, Reply, ToolCall

_FENCED = re.compile(r"```[\w-]*[ \t]*\r?\n(?P<inside>.*?)\s*```", re.DOTALL)
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}
_SHOWN = 60


def shortfall(ask: Ask, reply: Reply) -> str | None:
    """What the answer lacks of what was expected; None where it lacks nothing.

    Args:
        ask: what was asked.
        reply: that holds an answer; an embedding fulfils everything.
    """
    if reply.size is not None:
        return None
    if ask.tool is not None and ask.turn is None:
        return _call_shortfall(ask, ask.tool, reply.tool_calls)
    return _text_shortfall(ask, reply)


def is_cut(ask: Ask, reply: Reply) -> bool:
    """Whether the token limit ended the reply, so that what it lacks may only have been cut off."""
    said, finish = reply.usage.output_tokens, reply.finish or ""
    if finish in LENGTH or said is None:
        return finish in LENGTH
    # Some say "stop" at their limit; who goes on beyond it was not ended by it, unless nobody says what did.
    return said == ask.max_tokens or (not finish and said > ask.max_tokens)


def _text_shortfall(ask: Ask, reply: Reply) -> str | None:
    text, expect = reply.text.strip(), ask.expect
    if ask.turn is not None and not text:
        return "called the function again instead of answering" if reply.tool_calls else "no answer after the call"
    if ask.expected is not None and _letters(ask.expected) not in _letters(text):
        return f"the challenge {ask.expected} is not in the answer: {_quoted(text)}"
    return None if expect is None else _expected_shortfall(expect, text)


def _expected_shortfall(expect: Expect, text: str) -> str | None:
    if expect.json and _json_object(text) is None:
        return f"no JSON object: {_quoted(text)}"
    if expect.min_length is not None and len(text) < expect.min_length:
        return f"{len(text)} characters, expected at least {expect.min_length}"
    if expect.matches is not None:
        return _pattern_shortfall(expect.matches, text)
    return None


def _pattern_shortfall(pattern: str, text: str) -> str | None:
    try:
        found = is_found(pattern, text)
    except PatternError as error:
        return f"the pattern {error}"
    return None if found else f"does not match {_quoted(pattern)}: {_quoted(text)}"


def _call_shortfall(ask: Ask, tool: Tool, calls: tuple[ToolCall, ...]) -> str | None:
    if not calls:
        return f"did not call the function {tool.name}"
    call = calls[0]
    if call.name != tool.name:
        return f"called {_quoted(call.name)} instead of {tool.name}"
    arguments = read_body(call.arguments.encode("utf-8", "replace")).document
    if not isinstance(arguments, dict):
        return f"called {tool.name} with arguments that are no JSON object: {_quoted(call.arguments)}"
    wrong = _wrong_argument(tool, arguments)
    if wrong is not None:
        return f"called {tool.name} {wrong}"
    if ask.argument is not None and _letters(ask.argument) not in _letters(call.arguments):
        return f"called {tool.name} with other arguments than it was told: {_quoted(call.arguments)}"
    return None


def _wrong_argument(tool: Tool, arguments: dict[str, Any]) -> str | None:
    """The first required argument that is missing or of another type."""
    properties = tool.parameters.get("properties", {})
    for name in tool.parameters.get("required", ()):
        if name not in arguments:
            return f"without the argument {name}"
        wanted = properties.get(name, {}).get("type")
        value = arguments[name]
        if wanted in _TYPES and (
            not isinstance(value, _TYPES[wanted]) or (isinstance(value, bool) and wanted != "boolean")
        ):
            return f"with an argument {name} that is no {wanted}"
    return None


def _json_object(text: str) -> dict[str, Any] | None:
    fenced = _FENCED.fullmatch(text)
    try:
        found = orjson.loads(fenced["inside"] if fenced else text)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _letters(text: str) -> str:
    """Only letters and digits, in lower case."""
    return "".join(filter(str.isalnum, text)).lower()


def _quoted(text: str) -> str:
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f'"{short}"'
