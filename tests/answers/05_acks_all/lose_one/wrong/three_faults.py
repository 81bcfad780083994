attack = [
    (0, "crash", 2),
    (0, "crash", 3),
    (12_000, "send", "x", {"acks": "all"}),
    (12_100, "power_loss", 1),
]
