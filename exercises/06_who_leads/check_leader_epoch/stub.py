"""06/check_leader_epoch: who is behind, you or I? README.md beside this file says what is asked."""


def check_leader_epoch(request_epoch: int, local_epoch: int, is_leader: bool, leader_only: bool) -> str:
    raise NotImplementedError("who is behind?")
