"""What waits for a commit: facts that replace one another do not pile up."""

import pytest

from monitor.alerting import batch
from monitor.alerting.batch import Batch
from monitor.domain.kept import Balance, Catalogue, CatalogueChange, Headroom, Kept, Learned, Spending
from monitor.domain.limits import LimitKind
from monitor.storage.kept import _ROWS


def _facts(at_us: int) -> list[Kept]:
    return [
        Spending(1, "gw/chat/m", at_us, 0, 1, 1, None, at_us),
        Headroom("gw", None, LimitKind.REQUESTS, 9.0, 1.0, None, at_us),
        Headroom("gw", "m", LimitKind.REQUESTS, 9.0, 1.0, None, at_us),
        Balance("gw", 1.0, at_us),
        Catalogue("gw", ("m",), at_us),
        CatalogueChange("gw", "m", appeared=True, at_us=at_us),
        Learned("gw/chat/m", max_tokens=at_us),
    ]


def test_of_facts_with_one_key_the_last_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those whose key holds their time all stay."""
    monkeypatch.setattr(batch, "KEPT_UNTIL_LOOKED_THROUGH", 10)
    waiting = Batch()
    for at_us in (1, 2, 3):
        waiting.keep(_facts(at_us))
    replaced = [fact for fact in _facts(3) if not isinstance(fact, Balance | CatalogueChange)]
    assert [fact for fact in waiting.kept if not isinstance(fact, Balance | CatalogueChange)] == replaced
    assert len(waiting.kept) == len(replaced) + 3 + 3


def test_every_kind_of_fact_has_a_key() -> None:
    """As it has a row."""
    assert {type(fact) for fact in _facts(1)} == set(_ROWS)
