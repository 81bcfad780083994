"""Named otherwise."""


def not_isr_rule(replicas, isr, elr):
    return None
