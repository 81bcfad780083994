"""One pass over the list."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    start = stop = -1
    for base, last, position, size in spans:
        if last < fetch_offset:
            continue
        if base >= end_offset:
            break
        if start < 0:
            start = stop = position
            if size > max_bytes and at_least_one:
                return start, start + size
        if position + size - start > max_bytes:
            break
        stop = position + size
    return max(start, 0), max(stop, 0)
