attack = [
    (1_000, "cut", 1, "brokers"),
    (1_500, "send", "w", {"acks": "all"}),
    (50_000, "send", "x", {"acks": "all"}),
    (50_020, "power_loss", 1),
]
