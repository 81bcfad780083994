"""Compares -1 like any other number."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    if request_epoch < local_epoch:
        return "FENCED_LEADER_EPOCH"
    if request_epoch > local_epoch:
        return "UNKNOWN_LEADER_EPOCH"
    if leader_only and not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
