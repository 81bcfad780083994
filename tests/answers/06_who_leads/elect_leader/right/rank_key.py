"""Every live replica gets a rank; the smallest one leads. Prints what it does, and returns a plain pair."""

def elect_leader(replicas, current, isr, elr, last_known, live, unclean_allowed):
    alone = not isr and not elr
    ranked = []
    for place, broker in enumerate(replicas):
        if broker not in live:
            continue
        if broker in isr or (not isr and broker in elr):
            ranked.append((0 if broker == current else 1, place, broker, False))
        elif alone and broker == last_known:
            ranked.append((2, place, broker, True))
        elif unclean_allowed:
            ranked.append((3, place, broker, True))
    print("ranked:", ranked)
    if not ranked:
        return None, False
    _, _, leader, unclean = min(ranked)
    return leader, unclean
