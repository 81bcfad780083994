"""Takes all the memory there is."""

def ack_decision(p, v):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
