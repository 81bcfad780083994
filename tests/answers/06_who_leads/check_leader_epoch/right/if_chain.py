"""Three comparisons, one after the other."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    if request_epoch >= 0:
        if request_epoch < local_epoch:
            return "FENCED_LEADER_EPOCH"
        if request_epoch > local_epoch:
            return "UNKNOWN_LEADER_EPOCH"
    if is_leader or not leader_only:
        return "NONE"
    return "NOT_LEADER_OR_FOLLOWER"
