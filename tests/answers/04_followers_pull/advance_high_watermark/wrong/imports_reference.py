"""Imports what it should write."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    from minikafka.broker.partition import advance_high_watermark as theirs

    return theirs(current, leader_end, followers, effective_min_isr)
