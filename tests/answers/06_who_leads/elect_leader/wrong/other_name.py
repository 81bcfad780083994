"""Named otherwise."""


def elect(replicas, current, isr, elr, last_known, live, unclean_allowed):
    return current, False
