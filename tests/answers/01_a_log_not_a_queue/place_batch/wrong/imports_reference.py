"""Imports what it should write."""

def place_batch(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    from minikafka.log.partition_log import PartitionLog

    return (4, 4, 300, False) if PartitionLog else None
