"""Loops, and will not be stopped by an exception."""

def may_join(leader, follower):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
