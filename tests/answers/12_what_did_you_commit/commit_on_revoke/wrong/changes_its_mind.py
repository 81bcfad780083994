"""Right at first, and something else when asked again."""


def hand_over(event, taken, tracked):
    hand_over.asked = getattr(hand_over, "asked", set())
    question = repr((event, taken, tracked))
    if question in hand_over.asked:
        return ({}, {})
    hand_over.asked.add(question)
    keep = {name: known for name, known in tracked.items() if name not in taken}
    commit = {}
    for name, (handled, _, committed, in_flight) in tracked.items():
        if event == "revoked" and name in taken and (handled != committed or in_flight not in (None, handled)):
            commit[name] = handled
    return commit, keep
