"""Takes max_bytes for a limit that nothing may pass."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    asked = [span for span in spans if span[1] >= fetch_offset and span[0] < end_offset]
    if not asked:
        return 0, 0
    start = asked[0][2]
    ends = [span[2] + span[3] for span in asked]
    fits = [end for end in ends if end - start <= max_bytes]
    if fits:
        return start, fits[-1]
    return (start, start + max_bytes) if at_least_one else (0, 0)
