"""Named otherwise."""


def cut(own_epochs, own_end, high_watermark, answer):
    return (0, True)
