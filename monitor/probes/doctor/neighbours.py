"""Is the API next door? A base URL with a missing or doubled part is the commonest mistake of all.

Owns which addresses are tried: on the same host only, because the key goes along.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from monitor.domain.body import Shape
from monitor.probes.doctor.answers import Seen, ask_list
from monitor.probes.doctor.subject import Instruments, Subject
from monitor.probes.endpoint import LiveEndpoint

_USUAL = ("/v1", "/api/v1", "/openai/v1", "/v1beta/openai", "/api/openai/v1", "/api")
_MOST = 6


def neighbours(base_url: str) -> Iterator[str]:
    """Where the API may be if it is not at `base_url`: one part less, one more, another prefix; the likeliest first."""
    url = urlsplit(base_url)
    path = url.path.rstrip("/")
    parts = path.split("/")
    candidates = [path.removesuffix("/v1"), f"{path}/v1", *_USUAL]
    if len(parts) > 2 and parts[-1] == parts[-2]:  # noqa: PLR2004  a doubled last part
        candidates.insert(0, "/".join(parts[:-1]))
    for candidate in list(dict.fromkeys(candidates))[: _MOST + 1]:
        if candidate != path and not candidate.endswith("/v1/v1"):
            yield f"{url.scheme}://{url.netloc}{candidate}"


async def found_next_door(subject: Subject, instruments: Instruments) -> str | None:
    """The address at which a model list is, or at least an API that wants a key; None if there is none."""
    for base_url in neighbours(subject.target.base_url):
        endpoint = await asyncio.to_thread(LiveEndpoint, replace(subject.target, base_url=base_url))
        if _is_api(await ask_list(subject, instruments, endpoint)):
            return base_url
    return None


def _is_api(seen: Seen) -> bool:
    if seen.finding.listed is not None:
        return True
    return seen.outcome.http_status in {401, 403} and seen.shape is Shape.JSON
