"""Filters twice, and takes the largest end."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    asked = [span for span in spans if fetch_offset <= span[1] and span[0] < end_offset]
    start = min((span[2] for span in asked), default=0)
    whole = [span[2] + span[3] for span in asked if span[2] + span[3] <= start + max_bytes]
    if at_least_one and asked and not whole:
        whole = [start + asked[0][3]]
    return start, max(whole, default=start)
