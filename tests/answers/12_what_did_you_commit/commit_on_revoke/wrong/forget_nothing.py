"""Believes that what it knows stays true."""


def hand_over(event, taken, tracked):
    keep = dict(tracked)
    commit = {}
    for name, (handled, position, committed, in_flight) in tracked.items():
        if event == "revoked" and name in taken and (handled != committed or in_flight not in (None, handled)):
            commit[name] = handled
    return commit, keep
