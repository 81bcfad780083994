"""Commits something for every partition that is taken."""


def hand_over(event, taken, tracked):
    keep = {name: known for name, known in tracked.items() if name not in taken}
    if event == "lost":
        return {}, keep
    return {name: tracked[name][0] if name in tracked else 0 for name in taken}, keep
