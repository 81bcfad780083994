"""One helper, early returns, a class of its own for the answer."""

from typing import NamedTuple


class Answer(NamedTuple):
    leader: int | None
    unclean: bool = False


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    def first(wanted):
        return next(filter(wanted.__contains__, replicas), None)

    counting = isr or elr
    eligible = counting & live
    if current is not None and current in eligible:
        return Answer(current)
    if (leader := first(eligible)) is not None:
        return Answer(leader)
    if not counting and last_known is not None and last_known in live:
        return Answer(last_known, unclean=True)
    if unclean_allowed and (leader := first(live)) is not None:
        return Answer(leader, unclean=True)
    return Answer(None)
