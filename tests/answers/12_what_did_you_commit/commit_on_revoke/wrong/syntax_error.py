"""No Python."""


def hand_over(event, taken, tracked)
    return 1
