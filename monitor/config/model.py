"""The base of every table of the configuration: frozen, strict about its keys, all its problems told at once.

Owns how problems are collected; which values are right stands with each option, how a problem is worded for people in
`problems`.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

WRONG = "wrong"
UNKNOWN_KEY = "unknown_key"
_CLOSE = 0.6


def wrong(message: str) -> PydanticCustomError:
    """The error that a validator raises: the message reaches people as it stands."""
    return PydanticCustomError(WRONG, message)


def unavailable(what: str, instead: str) -> PydanticCustomError:
    """The error for what INTERFACE names but this version does not build."""
    return wrong(f"{what} is not available in this version; {instead}")


def detail(loc: tuple[str | int, ...], message: str, value: object = None, kind: str = WRONG) -> InitErrorDetails:
    """One problem of a table, at `loc` below it."""
    return InitErrorDetails(
        type=PydanticCustomError(kind, message),
        loc=loc,
        input=value,
    )


def toml_key(field: str) -> str:
    """The key in the file for an attribute: durations carry their unit in code only (`timeout_s` is `timeout`).

    So does what is a word of Python's (`from_` is `from`).
    """
    return field.removesuffix("_s").removesuffix("_")


class Model(BaseModel):
    """A table of the configuration.

    Unlike pydantic's own order (fields first, rules between fields only when all fields are right), everything wrong
    with a table is reported in one go: unknown keys, rules between keys, and each value.
    """

    # Built when first used: most tables are used only as a part of `Config`, and never on their own.
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=toml_key, arbitrary_types_allowed=True, defer_build=True
    )

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys that this table knows, as they stand in the file."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def between(cls, table: Mapping[str, Any]) -> Iterable[InitErrorDetails]:
        """Problems between the keys of one table, read from the file's own values, right or wrong."""
        del table
        return ()

    def afterwards(self) -> Iterable[InitErrorDetails]:
        """Problems that only a table whose values are right can have."""
        return ()

    @classmethod
    def not_a_table(cls, value: object) -> str | None:
        """A better message than "must be a table" where a plain value stands in this table's place."""
        del value
        return None

    @classmethod
    def belongs(cls, key: str) -> str | None:
        """Where a key that this table does not know is at home."""
        del key
        return None

    @model_validator(mode="wrap")
    @classmethod
    def _every_problem(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, dict):
            message = cls.not_a_table(data)
            if message is not None:
                raise wrong(message)
            return handler(data)
        keys = cls.known_keys()
        found = [*_unknown_keys(cls, data, keys), *cls.between(data)]
        try:
            model = handler({key: value for key, value in data.items() if key in keys})
        except ValidationError as error:
            found.extend(_again(error))
        else:
            found.extend(() if found else model.afterwards())
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        return model


def nearest(word: str, valid: Iterable[str]) -> str:
    """A clause that names the nearest valid word, and all of them when none is really near."""
    words = sorted(valid)
    close = difflib.get_close_matches(word, words, n=1, cutoff=_CLOSE)
    if close:
        return f'did you mean "{close[0]}"?'
    guess = difflib.get_close_matches(word, words, n=1, cutoff=0.0)[0]
    return f'the nearest is "{guess}"; valid are: {", ".join(words)}'


def _unknown_keys(model: type[Model], data: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[InitErrorDetails]:
    for key in data:
        if key not in keys:
            home = model.belongs(key) or nearest(key, keys)
            yield detail((key,), f"unknown key: {home}", kind=UNKNOWN_KEY)


def _again(error: ValidationError) -> Iterator[InitErrorDetails]:
    """The problems of an inner validation, in the form in which they can be raised once more."""
    for line in error.errors(include_url=False, include_context=False):
        yield detail(line["loc"], line["msg"], line["input"], kind=line["type"])
