"""The turn after a tool call: every protocol that speaks sends the call back with what the function gave."""

from typing import Any

import pytest

from monitor.domain.ask import Ask, Tool, ToolTurn
from monitor.domain.reply import ToolCall
from monitor.protocols.registry import protocol_named

TOOL = Tool("weather", "of a town", {"type": "object", "properties": {"town": {"type": "string"}}})
CALL = ToolCall("c1", "weather", '{"town": "Oslo"}')
RESULT = '{"station_number": 4821}'


def body(protocol: str, **changes: Any) -> dict[str, Any]:
    """What goes over the wire."""
    ask = Ask("m", "Which number?", 64, tool=TOOL, **changes)
    wanted = protocol_named(protocol).question("https://gw.example.com/v1", ask).body
    assert wanted is not None
    return wanted


def test_chat_completions() -> None:
    """An assistant's message with the call, and a tool's with the result."""
    assert body("openai", turn=ToolTurn(CALL, RESULT))["messages"] == [
        {"role": "user", "content": "Which number?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"town": "Oslo"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": RESULT},
    ]


def test_messages() -> None:
    """A block of the assistant's with the call, and one of the user's with the result."""
    assert body("anthropic", turn=ToolTurn(CALL, RESULT))["messages"] == [
        {"role": "user", "content": "Which number?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "weather", "input": {"town": "Oslo"}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": RESULT}]},
    ]


def test_responses() -> None:
    """Two items after the prompt."""
    assert body("openai-responses", turn=ToolTurn(CALL, RESULT))["input"] == [
        {"role": "user", "content": "Which number?"},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"town": "Oslo"}'},
        {"type": "function_call_output", "call_id": "c1", "output": RESULT},
    ]


@pytest.mark.parametrize("protocol", ["openai", "anthropic", "openai-responses"])
def test_the_call_is_forced_in_the_first_turn_only(protocol: str) -> None:
    """In the second the tool is still on offer, and the model is free to answer."""
    assert "tool_choice" in body(protocol)
    second = body(protocol, turn=ToolTurn(ToolCall(name="weather"), RESULT))
    assert "tool_choice" not in second
    assert second["tools"] == body(protocol)["tools"]


def test_counts_of_a_stream_are_asked_for_unless_they_were_refused() -> None:
    """Only chat completions need to be asked."""
    assert body("openai", stream=True)["stream_options"] == {"include_usage": True}
    assert "stream_options" not in body("openai", stream=True, with_counts=False)
    assert "stream_options" not in body("openai")
