attack = [
    (0, "send", "x", {"acks": "all"}),
    (100, "cut", 1, "brokers"),
    (200, "power_loss", 1),
    (1_000, "heal"),
    (2_000, "restart", 1),
]
