"""The command `history`: single results, newest first, as many as there are."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.check import FIELDS
from monitor.cli.listing import (
    AllOption,
    CheckOption,
    CursorOption,
    EndpointOption,
    FaultOption,
    LimitOption,
    ProviderOption,
    SinceOption,
    UntilOption,
    between,
    bound,
    must_be_known,
    position,
    words,
)
from monitor.cli.options import ConfigOption, Format, FormatOption, load_config, nearest_names, reader_of
from monitor.domain.cursor import Listing
from monitor.domain.result import FaultDomain, Status, Trigger
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.cli.render import Column
    from monitor.config.load import Loaded
    from monitor.config.schema import Config
    from monitor.storage.past.selection import Selection


_ModelOption = Annotated[str | None, typer.Option(metavar="ID", help="One model.", show_default=False)]
_TagOption = Annotated[
    list[str] | None,
    typer.Option(metavar="TAG", help="Endpoints that have it now; may be repeated.", show_default=False),
]
_StatusOption = Annotated[
    list[str] | None,
    typer.Option(metavar="STATUS", help="One status, such as TIMEOUT; may be repeated.", show_default=False),
]
_TriggerOption = Annotated[
    list[str] | None,
    typer.Option(metavar="TRIGGER", help="Why it ran, such as confirm; may be repeated.", show_default=False),
]
_OldestFirstOption = Annotated[bool, typer.Option("--oldest-first", help="In the order in which they happened.")]


def history(
    *,
    check: CheckOption = None,
    endpoint: EndpointOption = None,
    model: _ModelOption = None,
    provider: ProviderOption = None,
    tag: _TagOption = None,
    status: _StatusOption = None,
    trigger: _TriggerOption = None,
    fault: FaultOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    oldest_first: _OldestFirstOption = False,
    limit: LimitOption = None,
    everything: AllOption = False,
    cursor: CursorOption = None,
    config: ConfigOption = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Results of probes, newest first, printed as they are read."""
    from monitor.storage.past.selection import Selection  # noqa: PLC0415  the command line imports only what it needs

    loaded = load_config(config)
    since_us, until_us = between(loaded, since, until)
    selection = Selection(
        check=check,
        endpoint=endpoint,
        model=model,
        provider=provider,
        endpoints=_tagged(loaded.config, tag),
        statuses=words(Status, status, "--status"),
        triggers=words(Trigger, trigger, "--trigger"),
        faults=words(FaultDomain, fault, "--fault"),
        since_us=since_us,
        until_us=until_us,
        limit=bound(limit, everything=everything),
        after=position(Listing.RESULTS, cursor),
        oldest_first=oldest_first,
    )
    _print(loaded, selection, output)


def _print(loaded: "Loaded", selection: "Selection", output: Format) -> None:
    from monitor.cli.render import Sheet, emit  # noqa: PLC0415  the same
    from monitor.cli.streaming import streamed, tell_cursor  # noqa: PLC0415  the same
    from monitor.storage.past.result_list import ResultList  # noqa: PLC0415  the same

    columns = _columns(loaded.config.timezone)
    with reader_of(loaded) as reader:
        must_be_known(
            reader,
            check=selection.check,
            endpoint=selection.endpoint,
            model=selection.model,
            provider=selection.provider,
        )
        listed = ResultList(reader, selection)
        emit(Sheet(streamed(listed), FIELDS, columns, empty="no result matches"), output)
        tell_cursor(listed, Listing.RESULTS, grows=selection.oldest_first)


def _tagged(config: "Config", tags: list[str] | None) -> tuple[str, ...] | None:
    """The endpoints that have any of these tags; raises UsageError for a tag that none has."""
    known = {tag for endpoint in config.endpoints for tag in endpoint.tags}
    for tag in tags or ():
        if tag not in known:
            raise UsageError(f"no endpoint has the tag {tag!r}", hint=nearest_names(tag, known))
    wanted = set(tags or ())
    return tuple(one.name for one in config.endpoints if wanted.intersection(one.tags)) if tags else None


def _columns(zone: str) -> "tuple[Column, ...]":
    from monitor.cli.render import Column, local_time, milliseconds  # noqa: PLC0415  the same

    return (
        Column("started_at", f"started ({zone})", local_time(zone)),
        Column("check", "check", whole=True),
        Column("status", "status", styled=True),
        Column("http_status", "HTTP", right=True, least_width=100),
        Column("latency_ms", "latency", milliseconds, right=True),
        Column("lag_ms", "lag", milliseconds, right=True, least_width=140),
        Column("fault_domain", "fault", least_width=120),
        Column("reason", "reason", prose=True, least_width=100),
    )
