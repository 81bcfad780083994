"""Commits whatever has happened."""


def hand_over(event, taken, tracked):
    keep = {name: known for name, known in tracked.items() if name not in taken}
    commit = {}
    for name, (handled, position, committed, in_flight) in tracked.items():
        if name in taken and (handled != committed or in_flight not in (None, handled)):
            commit[name] = handled
    return commit, keep
