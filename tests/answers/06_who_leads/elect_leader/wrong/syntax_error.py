"""Does not even parse."""


def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed)
    return None
