attack = [
    (0, "send", "x", {"acks": "0"}),
    (1, "power_loss", 1),
    (1_000, "restart", 1),
]
