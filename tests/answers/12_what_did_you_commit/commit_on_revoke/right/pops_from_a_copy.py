"""Takes them out of a copy."""


def hand_over(event, taken, tracked):
    keep, commit = dict(tracked), {}
    for name in taken:
        known = keep.pop(name, None)
        if known is not None and event != "lost":
            commit[name] = known[0]
    return commit, keep
