"""Says nothing."""


def hand_over(event, taken, tracked):
    pass
