"""The command `catalogue`: what an endpoint lists, and what came and went."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, moment_us, nearest_names, reader_of
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.render import Sheet
    from monitor.storage.reader import Reader

FIELDS = ("endpoint", "model", "kind", "check", "since")
CHANGE_FIELDS = ("at", "endpoint", "model", "change")
LIMIT = 100
LIMIT_AT_MOST = 1_000_000


def catalogue(
    *,
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="The endpoint's name.")],
    changes: Annotated[bool, typer.Option("--changes", help="What came and went, newest first.")] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='With --changes: ISO 8601, or how long ago: "7d".', show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=LIMIT_AT_MOST, help="With --changes: at most so many.")] = LIMIT,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """What an endpoint's model list held when it was last read."""
    from monitor.cli.render import emit  # noqa: PLC0415  the command line imports only what the command needs
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage import catalogues  # noqa: PLC0415  the same

    loaded = load_config(config)
    zone = loaded.config.timezone
    since_us = 0 if since is None else moment_us(since, "--since", SystemClock().now().wall_us, zone)
    with reader_of(loaded) as reader:
        _must_be_known(reader, endpoint, [one.name for one in loaded.config.endpoints])
        if changes:
            sheet = _changes_sheet(catalogues.changes(reader, endpoint, since_us, limit), zone)
        else:
            sheet = _models_sheet(catalogues.models(reader, endpoint), zone)
    emit(sheet, output)


def _must_be_known(reader: "Reader", endpoint: str, configured: list[str]) -> None:
    from monitor.storage.catalogues import known_endpoints  # noqa: PLC0415  the same

    known = list(dict.fromkeys((*configured, *known_endpoints(reader))))
    if endpoint not in known:
        raise UsageError(f"there is no endpoint {endpoint!r}", hint=nearest_names(endpoint, known))


def _models_sheet(rows: list[dict[str, object]], zone: str) -> "Sheet":
    from monitor.cli.render import Column, Sheet, local_time  # noqa: PLC0415  the same

    return Sheet(
        rows=rows,
        fields=FIELDS,
        columns=(
            Column("model", "model", whole=True),
            Column("kind", "kind"),
            Column("since", f"since ({zone})", local_time(zone)),
            Column("check", "check", least_width=100),
        ),
        empty="no model list of this endpoint has been read yet",
    )


def _changes_sheet(rows: list[dict[str, object]], zone: str) -> "Sheet":
    from monitor.cli.render import Column, Sheet, local_time  # noqa: PLC0415  the same

    return Sheet(
        rows=rows,
        fields=CHANGE_FIELDS,
        columns=(
            Column("at", f"at ({zone})", local_time(zone)),
            Column("change", "change"),
            Column("model", "model", whole=True),
        ),
        empty="nothing came or went",
    )
