"""Returns something else."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    return 74
