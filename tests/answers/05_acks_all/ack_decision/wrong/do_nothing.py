"""Returns nothing."""


def ack_decision(p, v):
    pass
