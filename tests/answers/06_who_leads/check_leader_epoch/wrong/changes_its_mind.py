"""Right at first, and something else when asked again."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    check_leader_epoch.asked = getattr(check_leader_epoch, "asked", set())
    question = (request_epoch, local_epoch, is_leader, leader_only)
    if question in check_leader_epoch.asked:
        return "NONE" if leader_only else "NOT_LEADER_OR_FOLLOWER"
    check_leader_epoch.asked.add(question)
    if 0 <= request_epoch < local_epoch:
        return "FENCED_LEADER_EPOCH"
    if request_epoch > local_epoch:
        return "UNKNOWN_LEADER_EPOCH"
    if leader_only and not is_leader:
        return "NOT_LEADER_OR_FOLLOWER"
    return "NONE"
