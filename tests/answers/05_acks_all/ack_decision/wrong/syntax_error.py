"""No Python."""


def ack_decision(p, v)
    return "NONE"
