"""`GET /v1/models`, as OpenAI lists models and as Anthropic does.

Sources: https://platform.openai.com/docs/api-reference/models and https://docs.anthropic.com/en/api/models-list.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

OWNER = "simulator"
PAGE = 20
_MOST_OF_A_PAGE = 1000


def openai_list(ids: Sequence[str], created_s: int) -> dict[str, Any]:
    """All models at once."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": created_s, "owned_by": _owner(name)} for name in ids],
    }


def anthropic_list(ids: Sequence[str], created_s: int, query: Mapping[str, str]) -> dict[str, Any]:
    """A page of models: `limit` of them (20), after the one that `after_id` names."""
    created = datetime.fromtimestamp(created_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    after, wanted = query.get("after_id", ""), query.get("limit", "")
    limit = min(int(wanted), _MOST_OF_A_PAGE) if wanted.isascii() and wanted.isdigit() and int(wanted) else PAGE
    rest = ids[ids.index(after) + 1 :] if after in ids else ids
    page = rest[:limit]
    return {
        "data": [{"type": "model", "id": name, "display_name": name, "created_at": created} for name in page],
        "has_more": len(rest) > len(page),
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def _owner(model: str) -> str:
    provider, slash, _ = model.partition("/")
    return provider if slash else OWNER
