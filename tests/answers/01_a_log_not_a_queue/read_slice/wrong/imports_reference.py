"""Imports what it should write."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    from minikafka.log.segment import Segment

    return (100, 300) if Segment else None
