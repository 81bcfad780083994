"""Believes that what was sent has arrived."""


def hand_over(event, taken, tracked):
    keep = {name: known for name, known in tracked.items() if name not in taken}
    commit = {}
    for name, (handled, position, committed, in_flight) in tracked.items():
        if event == "revoked" and name in taken and (handled != committed or in_flight not in (None, handled)) and in_flight != handled:
            commit[name] = handled
    return commit, keep
