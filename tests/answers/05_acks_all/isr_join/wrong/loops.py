"""Never comes back."""

def may_join(leader, follower):
    while True:
        pass
