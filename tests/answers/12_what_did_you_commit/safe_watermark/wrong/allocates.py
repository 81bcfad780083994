"""Takes all the memory there is."""


def safe_watermark(committed, delivered, done, position):
    hoard = []
    while True:
        hoard.append(bytearray(64 << 20))
