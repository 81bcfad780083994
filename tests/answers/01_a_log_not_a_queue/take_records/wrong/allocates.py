"""Takes all the memory there is."""

def take_records(position, batches, max_records):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
