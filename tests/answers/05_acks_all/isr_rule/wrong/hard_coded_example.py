"""Knows the examples by heart."""


def isr_rule(replicas, isr, elr):
    leader, member = replicas[0], replicas[1]
    if member[3] == ((0, "x"), (0, "b")):
        return False
    return not (member[3] == () and elr == frozenset({2}) and leader[1])
