"""Commits what was handed out."""


def hand_over(event, taken, tracked):
    keep = {name: known for name, known in tracked.items() if name not in taken}
    commit = {}
    for name, (handled, position, committed, in_flight) in tracked.items():
        if event == "revoked" and name in taken:
            commit[name] = position
    return commit, keep
