"""Believes that any other epoch is the reader's fault."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    if request_epoch >= 0 and request_epoch != local_epoch:
        return "FENCED_LEADER_EPOCH"
    if leader_only and not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
