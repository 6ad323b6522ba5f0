"""One message for several places: what comes of it as a whole, and who has it already.

Owns no sending. Places are named by a text that is safe to show.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from monitor.alerting.plain import cut
from monitor.delivery.channel import Delivered, Permanent, Receipt, Retry

REMEMBERED = 1000
SHOWN_AT_MOST = 400


def one_is_enough(receipts: Mapping[str, Receipt]) -> Receipt:
    """The whole, where each place tells the others: delivered when any has it, given up when all refuse for good.

    Args:
        receipts: by place; at least one.
    """
    taken = sum(isinstance(receipt, Delivered) for receipt in receipts.values())
    if taken:
        return _delivered(taken, len(receipts), receipts)
    told = _troubles(receipts, alone=len(receipts) == 1)
    if all(isinstance(receipt, Permanent) for receipt in receipts.values()):
        return Permanent(told)
    return Retry(told, _soonest(receipts.values()))


class Taken:
    """Who has each message already, so that a repetition goes only to the others.

    Kept in memory only: after a restart a message that some had not taken goes to all once more.

    Args:
        places: all of them, in order.
    """

    def __init__(self, places: Iterable[str]) -> None:
        self._places = tuple(places)
        self._taken: OrderedDict[str, frozenset[str]] = OrderedDict()

    def left(self, message_id: str) -> tuple[str, ...]:
        """The places that do not have the message yet, in order; all of them if all have it."""
        taken = self._taken.get(message_id, frozenset())
        return tuple(place for place in self._places if place not in taken) or self._places

    def settle(self, message_id: str, receipts: Mapping[str, Receipt]) -> Receipt:
        """The whole: to be repeated while any place may still take it, else delivered if any has it.

        Args:
            message_id: the notification's.
            receipts: of those that were tried now; at least one, under the name of what stood in the way of all.
        """
        alone = len(self._places) == 1
        before = self._taken.pop(message_id, frozenset())
        taken = before | {place for place, receipt in receipts.items() if isinstance(receipt, Delivered)}
        if any(isinstance(receipt, Retry) for receipt in receipts.values()):
            self._remember(message_id, taken)
            return Retry(_troubles(receipts, alone=alone), _latest(receipts.values()))
        if not taken:
            return Permanent(_troubles(receipts, alone=alone))
        return _delivered(len(taken), len(self._places), receipts)

    def _remember(self, message_id: str, taken: frozenset[str]) -> None:
        self._taken[message_id] = taken
        if len(self._taken) > REMEMBERED:
            self._taken.popitem(last=False)


def _delivered(taken: int, places: int, receipts: Mapping[str, Receipt]) -> Delivered:
    if places == 1:
        return next(receipt for receipt in receipts.values() if isinstance(receipt, Delivered))
    lead, troubles = f"taken by {taken} of {places}", _troubles(receipts, alone=False)
    return Delivered(cut(f"{lead}; {troubles}", SHOWN_AT_MOST) if troubles else lead)


def _troubles(receipts: Mapping[str, Receipt], *, alone: bool) -> str:
    """Why it was not taken; by place where there are several."""
    refused = {place: receipt.reason for place, receipt in receipts.items() if not isinstance(receipt, Delivered)}
    return cut("; ".join(reason if alone else f"{place}: {reason}" for place, reason in refused.items()), SHOWN_AT_MOST)


def _soonest(receipts: Iterable[Receipt]) -> float | None:
    """When the first of them may take it; None where one did not say."""
    waits = [receipt.after_s for receipt in receipts if isinstance(receipt, Retry)]
    known = [wait for wait in waits if wait is not None]
    return min(known) if known and len(known) == len(waits) else None


def _latest(receipts: Iterable[Receipt]) -> float | None:
    """What the most patient of them asked for; None where none did."""
    waits = [receipt.after_s for receipt in receipts if isinstance(receipt, Retry) and receipt.after_s is not None]
    return max(waits, default=None)
