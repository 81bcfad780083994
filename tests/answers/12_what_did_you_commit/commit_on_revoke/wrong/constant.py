"""Always says the same."""


def hand_over(event, taken, tracked):
    return ({}, {})
