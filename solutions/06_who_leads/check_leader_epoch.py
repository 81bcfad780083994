def check_leader_epoch(request_epoch: int, local_epoch: int, is_leader: bool, leader_only: bool) -> str:
    if 0 <= request_epoch < local_epoch:
        return "FENCED_LEADER_EPOCH"
    if request_epoch > local_epoch:
        return "UNKNOWN_LEADER_EPOCH"
    if leader_only and not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
