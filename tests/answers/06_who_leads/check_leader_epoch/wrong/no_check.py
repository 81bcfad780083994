"""Believes that the leader is the leader, whatever epoch the reader has in mind."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    if leader_only and not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
