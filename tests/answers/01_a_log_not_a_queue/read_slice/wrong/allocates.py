"""Takes all the memory there is."""

def read_slice(spans, fetch_offset, end_offset, max_bytes, at_least_one):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
