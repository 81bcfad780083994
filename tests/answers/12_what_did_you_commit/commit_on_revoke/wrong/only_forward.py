"""Believes that a commit only ever grows."""


def hand_over(event, taken, tracked):
    keep = {name: known for name, known in tracked.items() if name not in taken}
    commit = {}
    for name, (handled, position, committed, in_flight) in tracked.items():
        if event == "revoked" and name in taken and (committed is None or handled > committed or in_flight not in (None, handled)) and not handled < (committed or 0):
            commit[name] = handled
    return commit, keep
