"""Options about what an answer must be, who may give it, and how often that is asked in full.

Owns their keys, bounds and what excludes what; how an answer is judged is `domain.truth`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, StringConstraints
from pydantic_core import InitErrorDetails

from monitor.config.model import Model, detail, wrong
from monitor.config.values import Flag
from monitor.domain.expect import Expect
from monitor.domain.identity import ANYBODY
from monitor.domain.patterns import PatternError, check_pattern

ASKED, ANY = "asked", "any"
_MOST_PATTERN = 500
_MOST_NAMES = 64
_MOST_NAME = 256


def _pattern(text: str) -> str:
    if not text or len(text) > _MOST_PATTERN:
        raise wrong(f"must be a pattern of 1 to {_MOST_PATTERN} characters")
    try:
        check_pattern(text)
    except PatternError as error:
        raise wrong(str(error)) from None
    return text


def _answered_by(value: object) -> str | tuple[str, ...]:
    if value in (ASKED, ANY):
        return str(value)
    if not isinstance(value, list | tuple) or not value:
        raise wrong(f'must be "{ASKED}", "{ANY}", or an array of model ids that may answer too')
    if len(value) > _MOST_NAMES or not all(_is_name(name) for name in value):
        raise wrong(f"must be at most {_MOST_NAMES} model ids; a * in one stands for anything")
    return tuple(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.strip() != "" and value.isprintable() and len(value) <= _MOST_NAME


class ExpectTable(Model):
    """`expect`: what an answer must fulfil; a table replaces an inherited one whole."""

    challenge: Flag = False
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = None
    matches: Annotated[str, AfterValidator(_pattern)] | None = None
    min_length: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = None
    json_: Flag = False
    tool: Flag = False

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """What asks its own question is not given another."""
        for key in ("challenge", "tool"):
            if table.get(key) is True and "prompt" in table:
                yield detail(("prompt",), f"{key} asks a question of its own; set one of them")

    @classmethod
    def belongs(cls, key: str) -> str | None:
        """What others call the pattern."""
        return 'did you mean "matches"?' if key in {"regex", "regexp", "pattern", "match"} else None

    def afterwards(self) -> Iterable[InitErrorDetails]:
        """Something is expected."""
        if not (self.challenge or self.matches or self.min_length or self.json_ or self.tool):
            yield detail((), "expects nothing: set challenge, matches, min_length, json or tool")

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """What stands here."""
        del value
        return "must be a table such as { challenge = true }, or false to expect nothing"

    def expected(self) -> Expect:
        """The same for the probes."""
        return Expect(self.challenge, self.prompt, self.matches, self.min_length, self.json_, self.tool)


def _expect(value: object) -> ExpectTable | Literal[False]:
    return False if value is False else ExpectTable.model_validate(value)


def _as_in_file(value: Any) -> Any:
    return value.model_dump(by_alias=True, exclude_none=True) if isinstance(value, Model) else value


ExpectOption = Annotated[
    ExpectTable | Literal[False],
    PlainValidator(_expect, json_schema_input_type=ExpectTable | Literal[False]),
    PlainSerializer(_as_in_file),
]
AnsweredBy = Annotated[
    str | tuple[str, ...],
    PlainValidator(_answered_by, json_schema_input_type=Literal["asked", "any"] | tuple[str, ...]),
]
FullEvery = Annotated[int, Field(strict=True, ge=1, le=1000)]
RaiseMaxTokensTo = Annotated[int, Field(strict=True, ge=0, le=32_768)]


def expect_of(values: Mapping[str, Any]) -> Expect | None:
    """What the effective values expect of an answer."""
    table = values["expect"]
    return table.expected() if isinstance(table, ExpectTable) else None


def accepted_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What may answer beside the model itself, as `domain.identity` takes it."""
    value = values["answered_by"]
    if value == ANY:
        return (ANYBODY,)
    return value if isinstance(value, tuple) else ()


def full_every_is_idle(levels: Sequence[Mapping[str, Any]]) -> bool:
    """Whether `full_every` stands in the innermost table, but a full probe would be as plain as any.

    Args:
        levels: the tables of one check as they stand in the file, the innermost first.
    """
    if levels[0].get("full_every") in (None, 1):
        return False
    chosen = (next((level[key] for level in levels if key in level), False) for key in ("stream", "expect"))
    return not any(chosen)
