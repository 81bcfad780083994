"""Right at first, and something else when asked again."""

from typing import NamedTuple


class Election(NamedTuple):
    leader: int | None
    unclean: bool


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    elect_leader.asked = getattr(elect_leader, "asked", set())
    question = (replicas, current, isr, elr, last_known, live, unclean_allowed)
    if question in elect_leader.asked:
        return Election(None, True)
    elect_leader.asked.add(question)
    eligible = live & (isr or elr)
    if current in eligible:
        return Election(current, False)
    for broker in replicas:
        if broker in eligible:
            return Election(broker, False)
    if not isr and not elr and last_known in live:
        return Election(last_known, True)
    if unclean_allowed:
        for broker in replicas:
            if broker in live:
                return Election(broker, True)
    return Election(None, False)
