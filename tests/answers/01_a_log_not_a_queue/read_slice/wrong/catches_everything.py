"""Loops, and will not be stopped by an exception."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
