"""Imports what it should write."""

def may_join(leader, follower):
    from minikafka.broker.isr import may_join as theirs

    return theirs(leader, follower)
