attack = [
    (0, "send", "a", {"acks": "all"}),
    (500, "cut", 1, "brokers"),
    (1_000, "send", "b", {"acks": "all"}),
    (60_000, "send", "c", {"acks": "all"}),
    (60_050, "power_loss", 1),
    (70_000, "restart", 1),
]
