"""Raises in the middle."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    answers = []
    return answers[len("no such thing")]
