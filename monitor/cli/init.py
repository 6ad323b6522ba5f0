"""`relaywatch init`: from a URL and a key's variable to a short configuration that works.

Owns the questions and the text that is written. Everything heavy is imported inside the functions.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.model_list import Listing
    from monitor.config.draft import Draft
    from monitor.config.secrets import Secret

ReadModels = Callable[[str, "Secret | None"], "Listing"]

Answer = TypeVar("Answer")

_MOST_SHOWN = 60
_NO_ANSWER = "no answer on standard input"


@dataclass(frozen=True, slots=True)
class Options:
    """What was said on the command line; None is "ask".

    Attributes:
        key_env: name of the variable that holds the key; "" is no key.
        models: empty is "ask".
    """

    url: str | None
    key_env: str | None
    models: tuple[str, ...]
    name: str | None
    output: Path
    force: bool = False


def init(
    *,
    url: Annotated[str | None, typer.Option(help="Base URL, as the official SDKs take it.", show_default=False)] = None,
    key_env: Annotated[
        str | None,
        typer.Option(metavar="VAR", help='Environment variable that holds the key; "" for none.', show_default=False),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A model to probe; may be repeated.", show_default=False)
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the endpoint; default: from the URL.", show_default=False)
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write.")] = Path(
        "relaywatch.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Write a short valid configuration: ask for URL and key variable, read the model list, tell the cost."""
    from monitor.cli.model_list import read_models  # noqa: PLC0415  the command line imports only what it needs

    begin(Options(url, key_env, tuple(model or ()), name, output, force), os.environ, read_models)


def begin(options: Options, environ: Mapping[str, str], read_models: ReadModels) -> None:
    """Ask what is missing, write the file, say what it will cost.

    Args:
        options: what was said already.
        environ: where the key is looked up.
        read_models: asks an endpoint for its models.

    Raises:
        UsageError: the file exists, an answer is missing or wrong, or the file cannot be written.
    """
    from monitor.config.draft import text_of  # noqa: PLC0415  the command line imports only what it needs
    from monitor.config.load import loads  # noqa: PLC0415  the same

    if options.output.exists() and not options.force:
        raise UsageError(
            f"{options.output} exists already",
            hint="--force replaces it, --output FILE writes another",
        )
    draft = _draft(options, environ, read_models)
    text = text_of(draft)
    loaded = loads(text, options.output.absolute().parent, options.output)
    _write(options, text)
    typer.echo(f"written: {options.output}\n{cost_of(loaded.config)}\n{_next_steps(draft, options, environ)}")


def cost_of(config: Any) -> str:
    """What probing costs a month, in completions, tokens and money."""
    from monitor.cli.cost import cost_line  # noqa: PLC0415  the command line imports only what it needs
    from monitor.config.budget import budget_of  # noqa: PLC0415  the same
    from monitor.config.checks import checks_of  # noqa: PLC0415  the same

    budget = budget_of(checks_of(config))
    free = budget.requests_per_month - budget.completions_per_month
    return (
        f"a month of probing: {budget.completions_per_month:,} completions, "
        f"at most {budget.output_tokens_per_month:,} output tokens\n"
        f"  and {free:,} readings of the model list, which are free\n"
        f"  {cost_line(config)}\n"
        "  (`interval` and `max_tokens` set the cost; `relaywatch check --dry-run` tells it model by model)"
    )


def _draft(options: Options, environ: Mapping[str, str], read_models: ReadModels) -> "Draft":
    from monitor.config.draft import USUAL_PROTOCOL, Draft, name_for  # noqa: PLC0415  the command line imports only what it needs

    base_url = _url(options.url)
    name = options.name or name_for(base_url)
    key_env = _key_env(options.key_env, name)
    key = _key(key_env, base_url, environ)
    listing = read_models(base_url, key)
    if listing.problem is not None:
        typer.echo(f"warning: the model list cannot be read: {listing.problem}", err=True)
    models = _models(options.models, listing)
    if listing.protocol != USUAL_PROTOCOL:
        typer.echo(f'note: the endpoint speaks protocol = "{listing.protocol}"', err=True)
    return Draft(name, base_url, key_env, models, not listing.is_absent, listing.protocol)


def _url(said: str | None) -> str:
    return _checked_url(said) if said is not None else _ask("Base URL of the API", check=_checked_url)


def _checked_url(text: str) -> str:
    from pydantic_core import PydanticCustomError  # noqa: PLC0415  the command line imports only what it needs

    from monitor.config.urls import base_url  # noqa: PLC0415  the same

    try:
        return base_url(text.strip())
    except PydanticCustomError as error:
        raise UsageError(f"the base URL {error.message()}") from None


def _key_env(said: str | None, name: str) -> str:
    if said is not None:
        return _checked_env(said)
    usual = "".join(letter if letter.isalnum() else "_" for letter in name.upper()) + "_API_KEY"
    usual = f"LLM_{usual}" if usual[0].isdigit() else usual
    return _ask('Environment variable that holds the key ("none" for no key)', default=usual, check=_checked_env)


def _checked_env(text: str) -> str:
    from pydantic import ValidationError  # noqa: PLC0415  the command line imports only what it needs

    from monitor.config.problems import problems_of  # noqa: PLC0415  the same
    from monitor.config.secrets import SecretRef  # noqa: PLC0415  the same

    name = text.strip()
    if name in {"", "none"}:
        return ""
    try:
        SecretRef.model_validate({"env": name})
    except ValidationError as error:
        raise UsageError(f"the key's variable {problems_of(error)[0].message}") from None
    return name


def _key(key_env: str, base_url: str, environ: Mapping[str, str]) -> "Secret | None":
    """The key if it is there; without it the list may still be open to all."""
    from monitor.config.keys import doubts_about_key  # noqa: PLC0415  the command line imports only what it needs
    from monitor.config.secrets import SecretRef, resolve  # noqa: PLC0415  the same
    from monitor.config.urls import host_of  # noqa: PLC0415  the same
    from monitor.errors import ConfigError  # noqa: PLC0415  the same

    if not key_env:
        return None
    try:
        key = resolve(SecretRef.model_validate({"env": key_env}), Path(), environ)
    except ConfigError as error:
        typer.echo(f"warning: {error.problems[0].message}; asking without a key", err=True)
        return None
    for doubt in doubts_about_key(key.reveal(), host_of(base_url)):
        typer.echo(f"warning: {doubt}", err=True)
    return key


def _models(said: tuple[str, ...], listing: "Listing") -> tuple[str, ...]:
    if said:
        for model in said:
            if listing.models and model not in listing.models:
                typer.echo(f"warning: the model list does not have {model!r}", err=True)
        return tuple(dict.fromkeys(said))
    for number, model in enumerate(listing.models[:_MOST_SHOWN], start=1):
        typer.echo(f"{number:4}  {model}", err=True)
    if len(listing.models) > _MOST_SHOWN:
        typer.echo(f"      and {len(listing.models) - _MOST_SHOWN} more, to be named by id", err=True)
    question = "Models to probe (numbers or ids, with commas)" if listing.models else "Ids of models to probe"
    default = "1" if listing.models else None
    return _ask(question, default=default, check=lambda answer: chosen(answer, listing.models))


def chosen(answer: str, models: tuple[str, ...]) -> tuple[str, ...]:
    """The models of an answer: ids, or numbers from the list as it was shown, with commas.

    Raises:
        UsageError: a number or id that the list does not have, or no model at all.
    """
    picked = []
    for word in filter(None, (part.strip() for part in answer.split(","))):
        if models and word not in models:
            position = int(word) if word.isascii() and word.isdigit() else 0
            if not 1 <= position <= len(models):
                raise UsageError(f"the list has no {word!r}")
            picked.append(models[position - 1])
        else:
            picked.append(word)
    if not picked:
        raise UsageError("name at least one model")
    return tuple(dict.fromkeys(picked))


def _ask(question: str, *, check: Callable[[str], Answer], default: str | None = None) -> Answer:
    """Ask until the answer is right; where nobody can answer, say which option would have."""

    def checked(answer: str) -> Answer:
        try:
            return check(answer)
        except UsageError as error:
            raise typer.BadParameter(error.message) from None

    try:
        answer: Answer = typer.prompt(question, default=default, value_proc=checked, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        hint = "without a terminal say --url, --key-env and --model"
        raise UsageError(f"{_NO_ANSWER}: {question}", hint=hint) from None
    return answer


def _write(options: Options, text: str) -> None:
    """Write the file; one that appeared in the meantime is not replaced unasked, one that is replaced never half."""
    target = options.output.with_name(f".{options.output.name}.new") if options.force else options.output
    try:
        with target.open("w" if options.force else "x", encoding="utf-8") as file:
            file.write(text)
        if options.force:
            target.replace(options.output)
    except OSError as error:
        raise UsageError(f"{options.output} cannot be written: {error.strerror}") from None


def _next_steps(draft: "Draft", options: Options, environ: Mapping[str, str]) -> str:
    where = "" if options.output == Path("relaywatch.toml") else f" -c {options.output}"
    steps = [f"relaywatch check{where}", f"relaywatch run{where}"]
    if draft.key_env and not environ.get(draft.key_env):
        steps.insert(0, f"export {draft.key_env}=...")
    return "next: " + ", then ".join(steps)
