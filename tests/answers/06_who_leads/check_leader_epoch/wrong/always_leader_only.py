"""Believes that only a leader may answer, whatever is asked."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    if 0 <= request_epoch < local_epoch:
        return "FENCED_LEADER_EPOCH"
    if request_epoch > local_epoch:
        return "UNKNOWN_LEADER_EPOCH"
    if not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
