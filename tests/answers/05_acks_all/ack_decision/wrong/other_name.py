"""Named otherwise."""


def decide(p, v):
    return "NONE"
