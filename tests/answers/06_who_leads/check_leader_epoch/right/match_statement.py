"""Pattern matching with guards; an enum of its own."""

import enum


class Verdict(enum.Enum):
    NONE = 0
    FENCED_LEADER_EPOCH = 74
    UNKNOWN_LEADER_EPOCH = 75
    NOT_LEADER_OR_FOLLOWER = 6


def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    match request_epoch:
        case -1:
            verdict = Verdict.NONE
        case epoch if 0 <= epoch < local_epoch:
            verdict = Verdict.FENCED_LEADER_EPOCH
        case epoch if epoch > local_epoch:
            verdict = Verdict.UNKNOWN_LEADER_EPOCH
        case _:
            verdict = Verdict.NONE
    if verdict is Verdict.NONE and leader_only and not is_leader:
        verdict = Verdict.NOT_LEADER_OR_FOLLOWER
    return verdict.name
