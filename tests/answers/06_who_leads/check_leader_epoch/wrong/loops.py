"""Never comes back."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    while True:
        pass
