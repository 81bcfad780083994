attack = [
    (0, "cut", 1, "brokers"),
    (100, "send", "w", {"acks": "1"}),
    (48_000, "send", "x", {"acks": "all"}),
    (48_100, "power_loss", 1),
    (49_000, "heal"),
    (50_000, "restart", 1),
]
