"""Asks itself."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    return check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only)
