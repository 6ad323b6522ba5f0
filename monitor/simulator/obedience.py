"""What somebody answers who does as told: repeats, counts, calls the function that is offered (pure).

Owns reading a prompt for what it wants. It knows no wording of RelayWatch's own: whatever stands between quotation
marks is to be repeated, whatever is a JSON object is to be given back.
"""

import re
from collections.abc import Mapping
from typing import Any

COUNTED_TO = 40
_WANTED = re.compile(r"\b(?:repeat|say|write|reply|answer|return|echo|copy|output)\b", re.IGNORECASE)
_QUOTED = re.compile(r"""["'`\u201c\u2018]([^"'`\u201d\u2019]{1,200})["'`\u201d\u2019]""")
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_COUNT = re.compile(r"\bcount\b", re.IGNORECASE)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z]\w+")
_BY_TYPE = {"integer": 1, "number": 1, "boolean": True, "array": []}


def answer_to(prompt: str | None) -> str:
    """The answer: a JSON object or a quotation that is to be repeated, numbers where one is to count, else "OK"."""
    asked = prompt or ""
    if _WANTED.search(asked):
        found = _OBJECT.search(asked)
        if found is not None:
            return found[0]
        quoted = _QUOTED.search(asked)
        if quoted is not None:
            return quoted[1]
    return ", ".join(map(str, range(1, COUNTED_TO + 1))) if _COUNT.search(asked) else "OK"


def answer_with(result: str) -> str:
    """What is said once the function has given its result."""
    return f"It gave {result}."


def arguments_for(schema: Mapping[str, Any], prompt: str | None) -> dict[str, Any]:
    """Arguments that fit the JSON Schema of an object; texts are what the prompt quotes, or a name in it."""
    asked = prompt or ""
    quoted, named = _QUOTED.search(asked), _NAME.search(asked)
    return _object(schema, quoted[1] if quoted else named[0] if named else "OK")


def _object(schema: Mapping[str, Any], word: str) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: _fitting(part if isinstance(part, Mapping) else {}, word) for name, part in properties.items()}


def _fitting(schema: Mapping[str, Any], word: str) -> Any:
    allowed = schema.get("enum")
    if "const" in schema:
        return schema["const"]
    if isinstance(allowed, list) and allowed:
        return allowed[0]
    if schema.get("type") == "object":
        return _object(schema, word)
    return _BY_TYPE.get(str(schema.get("type")), word)
