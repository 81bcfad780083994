"""By cases."""


def ack_decision(p, v):
    acks, last, waited, timeout = p
    replicas, isr, setting, mark, _ = v
    minimum = setting if setting < len(replicas) else len(replicas)
    match acks, last:
        case -1, None if len(isr) < minimum:
            return "NOT_ENOUGH_REPLICAS"
        case _, None:
            return "APPEND"
        case 0, _:
            return "NO_REPLY"
        case 1, _:
            return "NONE"
    if last < mark:
        return "NONE" if len(isr) >= minimum else "NOT_ENOUGH_REPLICAS_AFTER_APPEND"
    return "WAIT" if waited < timeout else "REQUEST_TIMED_OUT"
