"""Takes all the memory there is."""


def handle_batch(records, work, dead, parked, tries):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
