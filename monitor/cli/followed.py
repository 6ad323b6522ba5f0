"""What patterns of models stand for, for commands: as the endpoints list it now, else as the daemon last believed it.

A configuration without patterns costs nothing here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from monitor.errors import RelayWatchError, UsageError

if TYPE_CHECKING:
    from monitor.config.followed import Standing
    from monitor.config.load import Loaded
    from monitor.domain.catalogue import Listing
    from monitor.domain.result import Result
    from monitor.probes.prober import Prober
    from monitor.storage.catalogues import Remembered

MOST_NAMED = 5


def with_stored(loaded: "Loaded", present: "Loaded | None" = None) -> "Loaded":
    """The configuration with the models that its patterns stand for, as far as a database remembers model lists.

    Args:
        loaded: perhaps with patterns.
        present: the one whose database is asked; itself if None.
    """
    from monitor.config.followed import follows  # noqa: PLC0415  the command line imports only what the command needs

    return _named(loaded, {}, present) if follows(loaded.config) else loaded


async def with_listed(
    loaded: "Loaded", prober: "Prober", names: Collection[str], clean: Callable[[str], str]
) -> "Loaded":
    """The same, asking the endpoints for their lists now; the database speaks for those that do not answer.

    Args:
        loaded: perhaps with patterns.
        prober: asks; open.
        names: the checks that are wanted, all if none is named; lists that none of them needs are not asked for.
        clean: takes secrets out of a text; an id that holds one is none.
    """
    import asyncio  # noqa: PLC0415  the same

    from monitor.config.checks import checks_of  # noqa: PLC0415  the same
    from monitor.domain.check import CheckKind  # noqa: PLC0415  the same
    from monitor.domain.result import Trigger  # noqa: PLC0415  the same

    known = checks_of(loaded.config)
    open_names = set(names) - {check.id for check in known}
    wanted = {
        endpoint.name
        for endpoint in loaded.config.endpoints
        if endpoint.patterns and (not names or any(name.startswith(f"{endpoint.name}/") for name in open_names))
    }
    if not wanted:
        return loaded
    lists = [check for check in known if check.kind is CheckKind.MODELS and check.endpoint in wanted]
    results = await asyncio.gather(*(prober.probe(check, Trigger.MANUAL) for check in lists))
    read = {check.endpoint: _listing(result, clean) for check, result in zip(lists, results, strict=True)}
    return await asyncio.to_thread(_named, loaded, read)


def notes(loaded: "Loaded") -> list[str]:
    """What the patterns of each endpoint stand for, in one line each."""
    from monitor.config.followed import standings_of  # noqa: PLC0415  the same

    memory = _memory(loaded)
    standings = standings_of(loaded.config, memory.listings, memory.probed)
    return [
        f"{endpoint}: {_said(standing, known=endpoint in memory.listings)}" for endpoint, standing in standings.items()
    ]


def _said(standing: "Standing", *, known: bool) -> str:
    if not known:
        return "what its patterns stand for is not known before its model list was read"
    said = f"its patterns stand for {len(standing.models)} models"
    if standing.cut:
        said += f"; models_max cuts {len(standing.cut)} more: {_some(standing.cut)}"
    if standing.unfit:
        said += f"; {len(standing.unfit)} are of another kind: {_some(standing.unfit)}"
    return said


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _named(loaded: "Loaded", read: "Mapping[str, Listing | None]", present: "Loaded | None" = None) -> "Loaded":
    from monitor.config.followed import named, standings_of  # noqa: PLC0415  the same

    memory = _memory(present or loaded)
    listings = {**memory.listings, **{name: one for name, one in read.items() if one is not None}}
    for name in _unread(read, listings):
        typer.echo(f"warning: {name}: its model list cannot be read, so its patterns stand for nothing", err=True)
    standings = standings_of(loaded.config, listings, memory.probed)
    return replace(loaded, config=named(loaded.config, standings))


def _unread(read: "Mapping[str, Listing | None]", listings: "Mapping[str, Listing]") -> Iterable[str]:
    return (name for name in read if name not in listings)


def _listing(result: "Result", clean: Callable[[str], str]) -> "Listing | None":
    from monitor.domain.catalogue import Listing, fit  # noqa: PLC0415  the same

    if not result.listed or not result.status.is_success:
        return None
    return Listing(frozenset(model for model in fit(result.listed) if clean(model) == model), kinds=dict(result.kinds))


def _memory(loaded: "Loaded") -> "Remembered":
    """What the database remembers; nothing where there is none, or none that can be asked."""
    from monitor.cli.options import reader_of  # noqa: PLC0415  the same
    from monitor.clock import SystemClock  # noqa: PLC0415  the same
    from monitor.storage.catalogues import Remembered, recall  # noqa: PLC0415  the same

    try:
        with reader_of(loaded) as reader:
            return recall(reader, SystemClock().now().wall_us)
    except UsageError:
        return Remembered({}, {})
    except RelayWatchError as error:
        typer.echo(f"warning: what was listed is not known: {error.message}", err=True)
        return Remembered({}, {})
