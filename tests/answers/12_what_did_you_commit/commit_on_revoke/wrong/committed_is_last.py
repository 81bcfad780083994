"""Believes that the last answer is the last word."""


def hand_over(event, taken, tracked):
    keep = {name: known for name, known in tracked.items() if name not in taken}
    commit = {}
    for name, (handled, position, committed, in_flight) in tracked.items():
        if event == "revoked" and name in taken and handled != committed:
            commit[name] = handled
    return commit, keep
