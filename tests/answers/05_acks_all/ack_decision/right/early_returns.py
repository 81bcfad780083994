"""One question after the other."""


def ack_decision(p, v):
    acks, last, waited, timeout = p
    replicas, isr, setting, mark, _ends = v
    too_few = len(isr) < min(setting, len(replicas))
    if last is None:
        return "NOT_ENOUGH_REPLICAS" if acks == -1 and too_few else "APPEND"
    if acks != -1:
        return "NO_REPLY" if acks == 0 else "NONE"
    if mark > last:
        return "NOT_ENOUGH_REPLICAS_AFTER_APPEND" if too_few else "NONE"
    return "REQUEST_TIMED_OUT" if waited >= timeout else "WAIT"
