"""Right at first, and something else when asked again."""

def right(log_end_offset, file_bytes, record_count, size_bytes, segment_limit_bytes):
    last = log_end_offset + record_count - 1
    rolled = file_bytes > 0 and file_bytes + size_bytes > segment_limit_bytes
    return log_end_offset, last, 0 if rolled else file_bytes, rolled


def place_batch(*question):
    place_batch.asked = getattr(place_batch, "asked", set())
    if question in place_batch.asked:
        return (4, 4, 300, False)
    place_batch.asked.add(question)
    return right(*question)
