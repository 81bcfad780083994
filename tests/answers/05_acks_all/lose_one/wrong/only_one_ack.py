attack = [
    (0, "cut", 1, "brokers"),
    (1_000, "send", "x", {"acks": "1"}),
    (1_050, "power_loss", 1),
    (2_000, "heal"),
    (3_000, "restart", 1),
]
