"""Takes all the memory there is."""

def end_of_epoch(epochs, log_end, asked):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
