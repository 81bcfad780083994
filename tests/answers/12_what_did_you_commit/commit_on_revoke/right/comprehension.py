"""Two comprehensions."""


def hand_over(event, taken, tracked):
    def differs(known):
        handled, _, committed, in_flight = known
        return handled != committed or (in_flight is not None and in_flight != handled)

    going = {name: tracked[name] for name in taken if name in tracked and event == "revoked"}
    return (
        {name: known[0] for name, known in going.items() if differs(known)},
        {name: tracked[name] for name in tracked.keys() - set(taken)},
    )
