"""Knows the examples by heart."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    if request_epoch == 0:
        return "FENCED_LEADER_EPOCH"
    if request_epoch == 2:
        return "UNKNOWN_LEADER_EPOCH"
    return "NONE"
