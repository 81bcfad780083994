"""Named otherwise."""


def check(request_epoch, local_epoch, is_leader, leader_only):
    return "NONE"
