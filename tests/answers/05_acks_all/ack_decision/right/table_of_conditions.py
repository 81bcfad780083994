"""A list of conditions, the first that holds decides; prints as it goes."""


class Rule:
    def __init__(self, holds, answer):
        self.holds, self.answer = holds, answer


def ack_decision(p, v):
    acks, last, waited, timeout = p
    replicas, isr, setting, mark, _ = v
    enough = len(isr) >= min(setting, len(replicas))
    stored = last is not None and last + 1 <= mark
    rules = [
        Rule(last is None and acks == -1 and not enough, "NOT_ENOUGH_REPLICAS"),
        Rule(last is None, "APPEND"),
        Rule(acks == 0, "NO_REPLY"),
        Rule(acks == 1, "NONE"),
        Rule(stored and enough, "NONE"),
        Rule(stored, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"),
        Rule(waited >= timeout, "REQUEST_TIMED_OUT"),
    ]
    answer = next((rule.answer for rule in rules if rule.holds), "WAIT")
    print(p, "->", answer)
    return answer
