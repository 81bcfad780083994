"""A table by the sign of the difference."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    sign = 0 if request_epoch < 0 else (request_epoch > local_epoch) - (request_epoch < local_epoch)
    role = "NONE" if is_leader or not leader_only else "NOT_LEADER_OR_FOLLOWER"
    return {-1: "FENCED_LEADER_EPOCH", 0: role, 1: "UNKNOWN_LEADER_EPOCH"}[sign]
