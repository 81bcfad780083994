"""Loops, and will not be stopped by an exception."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
