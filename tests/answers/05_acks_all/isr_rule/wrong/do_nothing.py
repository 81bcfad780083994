"""Returns nothing."""


def isr_rule(replicas, isr, elr):
    pass
