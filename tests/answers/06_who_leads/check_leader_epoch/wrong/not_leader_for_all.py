"""Believes that one error is enough: look for the leader again."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    if request_epoch >= 0 and request_epoch != local_epoch:
        return "NOT_LEADER_OR_FOLLOWER"
    if leader_only and not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
