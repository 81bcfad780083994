"""Does nothing."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    pass
