"""Raises in the middle."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    answers = []
    return answers[len("no such thing")]
