"""Stops at exactly max_bytes, as Kafka does."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    readable = [span for span in spans if span[0] < end_offset]
    end = max((position + size for _, _, position, size in readable), default=0)
    for _, last, position, size in readable:
        if last >= fetch_offset:
            if size <= max_bytes:
                return position, min(position + max_bytes, end)
            return position, position + size * at_least_one
    return 0, 0
