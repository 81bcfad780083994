"""Always says the same."""


def ack_decision(p, v):
    return "NONE"
