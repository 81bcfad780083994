"""Sends everything there is."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    asked = [span for span in spans if span[1] >= fetch_offset and span[0] < end_offset]
    if not asked:
        return 0, 0
    start = asked[0][2]
    ends = [span[2] + span[3] for span in asked]
    fits = ends if ends[0] - start <= max_bytes or at_least_one else []
    if fits:
        return start, fits[-1]
    return (start, ends[0]) if at_least_one else (0, 0)
