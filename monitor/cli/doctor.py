"""The command `doctor`: one endpoint examined step by step. Needs no database and no daemon, and writes nothing."""

import asyncio
import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.options import ConfigOption, load_config, nearest_names
from monitor.errors import EXIT_UNHEALTHY, ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.cli.doctor_text import Pages
    from monitor.config.access import Access
    from monitor.config.endpoints import Endpoint
    from monitor.config.load import Loaded
    from monitor.domain.check import Check
    from monitor.domain.diagnosis import Step
    from monitor.probes.doctor.subject import Subject, Told

_ALONE = "endpoints[0]."


class DoctorFormat(StrEnum):
    """How the examination is told."""

    TEXT = "text"
    JSON = "json"


def doctor(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="Its name in the configuration.")],
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model", metavar="MODEL", help="Ask this one only; may be repeated, and need not be configured."
        ),
    ] = None,
    no_models: Annotated[bool, typer.Option("--no-models", help="Ask no model: costs nothing.")] = False,
    config: ConfigOption = None,
    output: Annotated[DoctorFormat, typer.Option("--format", help="Text for people, or one JSON document.")] = (
        DoctorFormat.TEXT
    ),
) -> None:
    """Examine an endpoint step by step; say what each failure means and what to do. Exit 1 if a step failed."""
    from monitor.cli.doctor_text import Pages, as_json  # noqa: PLC0415  imported only when called

    if models and no_models:
        raise UsageError("--model and --no-models exclude each other")
    loaded = load_config(config)
    subject = subject_of(loaded, endpoint, None if not no_models else [], models or [])
    pages = Pages(loaded.config.language) if output is DoctorFormat.TEXT else None
    if pages is not None:
        pages.title(endpoint, subject.target.base_url, _cost(loaded, subject))
    steps = asyncio.run(_examined(subject, pages))
    if pages is not None:
        pages.end(steps)
    else:
        typer.echo(as_json(endpoint, steps, loaded.config.language))
    if any(step.status == "failed" for step in steps):
        raise typer.Exit(EXIT_UNHEALTHY)


async def _examined(subject: "Subject", pages: "Pages | None") -> "list[Step]":
    from monitor.probes.doctor.examination import examine  # noqa: PLC0415  the same
    from monitor.probes.doctor.subject import Instruments  # noqa: PLC0415  the same

    instruments = await asyncio.to_thread(Instruments, subject)
    steps = []
    try:
        async for step in examine(subject, instruments, (lambda _: None) if pages is None else pages.begun):
            steps.append(step)
            if pages is not None:
                pages.show(step)
    finally:
        if pages is not None:
            pages.close()
        await instruments.aclose()
    return steps


def subject_of(loaded: "Loaded", name: str, only: "Sequence[str] | None", wanted: "Sequence[str]") -> "Subject":
    """An endpoint with all that its probes need, or with as much of it as can be had.

    Args:
        loaded: the configuration.
        name: of the endpoint.
        only: an empty list asks no model; None asks `wanted`, or all that are configured.
        wanted: models to ask instead of the configured ones.

    Raises:
        UsageError: there is no such endpoint, or a model's id cannot be one.
    """
    from monitor.config.urls import host_of, is_loopback  # noqa: PLC0415  imported only when called
    from monitor.domain.redact import Redactor  # noqa: PLC0415  the same
    from monitor.probes.doctor.subject import Subject, list_check_of  # noqa: PLC0415  the same
    from monitor.probes.target import targets_of  # noqa: PLC0415  the same

    names = {endpoint.name: endpoint for endpoint in loaded.config.endpoints}
    if name not in names:
        raise UsageError(f"there is no endpoint {name!r}", hint=nearest_names(name, names))
    alone, access, problems = _resolved(loaded, names[name])
    _redact_logs(access)
    checks = _checks(alone, wanted) if only is None else []
    defaults = alone.config.defaults
    timeout_s = names[name].timeout_s or defaults.timeout_s
    connect_s = min(names[name].connect_timeout_s or defaults.connect_timeout_s, timeout_s)
    local = is_loopback(host_of(names[name].base_url))
    return Subject(
        target=targets_of(alone.config, access)[name],
        told=_told(loaded, names[name], problems, access),
        models=checks,
        list_check=list_check_of(name, timeout_s, connect_s),
        redactor=Redactor(access.secrets()),
        uplink=() if local else loaded.config.connectivity.targets,
    )


def _resolved(loaded: "Loaded", endpoint: "Endpoint") -> "tuple[Loaded, Access, list[Problem]]":
    """The configuration of this endpoint alone, without the options that cannot be resolved, and why not."""
    from monitor.config.access import resolve_access  # noqa: PLC0415  imported only when called

    alone = _alone(loaded, endpoint)
    try:
        return alone, resolve_access(alone, os.environ), []
    except ConfigError as error:
        problems = [Problem(problem.path.removeprefix(_ALONE), problem.message) for problem in error.problems]
    lacking = {problem.path.partition(".")[0].partition("[")[0] for problem in problems}
    fields = type(endpoint).model_fields
    unset: dict[str, Any] = {
        name: fields[name].get_default(call_default_factory=True) for name in lacking & set(fields)
    }
    alone = _alone(loaded, endpoint.model_copy(update=unset))
    return alone, resolve_access(alone, os.environ), problems


def _alone(loaded: "Loaded", endpoint: "Endpoint") -> "Loaded":
    from dataclasses import replace  # noqa: PLC0415  the same

    only = {"channels": (), "deadman": None, "endpoints": (endpoint,)}
    return replace(loaded, config=loaded.config.model_copy(update=only))


def _redact_logs(access: "Access") -> None:
    from monitor.cli.check import LOG_TEXT_AT_MOST  # noqa: PLC0415  the same
    from monitor.domain.redact import Redactor  # noqa: PLC0415  the same
    from monitor.logs import redact_with  # noqa: PLC0415  the same

    redactor = Redactor(access.secrets())
    redact_with(lambda text: redactor.clean(text, LOG_TEXT_AT_MOST))


def _checks(alone: "Loaded", wanted: "Sequence[str]") -> "list[Check]":
    """The checks of the models to ask; one that is not configured is asked as the endpoint's own would be."""
    from pydantic import ValidationError  # noqa: PLC0415  the same

    from monitor.config.checks import checks_of  # noqa: PLC0415  the same
    from monitor.config.endpoints import ModelTable  # noqa: PLC0415  the same

    endpoint = alone.config.endpoints[0]
    if wanted:
        known = {model.id: model for model in endpoint.models}
        try:
            new = {one: ModelTable.model_validate({"id": one, "exact": True}) for one in wanted if one not in known}
            entries = [known.get(model) or new[model] for model in dict.fromkeys(wanted)]
        except ValidationError:
            raise UsageError("--model must be a printable model id") from None
        alone = _alone(alone, endpoint.model_copy(update={"models": tuple(entries)}))
    return [check for check in checks_of(alone.config) if check.model is not None]


def _told(loaded: "Loaded", endpoint: "Endpoint", problems: "list[Problem]", access: "Access") -> "Told":
    from monitor.probes.doctor.subject import Told  # noqa: PLC0415  imported only when called

    place = f"endpoints[{loaded.config.endpoints.index(endpoint)}]."
    doubts = [
        *(Problem(doubt.path.removeprefix(_ALONE), doubt.message) for doubt in access.warnings),
        *(
            Problem(doubt.path.removeprefix(place), doubt.message)
            for doubt in loaded.warnings
            if doubt.path.startswith(place)
        ),
    ]
    more = {
        "headers": sorted(endpoint.headers),
        "ca_file": None if endpoint.ca_file is None else str(endpoint.ca_file),
        "proxy": endpoint.proxy is not None,
        "concurrency": endpoint.concurrency,
        "patterns": [pattern.id for pattern in endpoint.patterns],
    }
    return Told(loaded.path, endpoint.api_key, problems, doubts, endpoint.check_models, more)


def _cost(loaded: "Loaded", subject: "Subject") -> str:
    """What the examination will cost at most, in words."""
    from monitor.cli.spent import at_most  # noqa: PLC0415  imported only when called

    if not subject.models:
        return "No model is asked: this costs nothing."
    count = "1 model" if len(subject.models) == 1 else f"{len(subject.models)} models"
    return f"{count} will be asked, each for a whole answer and for a stream: {at_most(loaded, subject.models, 2)}."
