"""Takes all the memory there is."""

def recover_segment(data, segment_base_offset):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
