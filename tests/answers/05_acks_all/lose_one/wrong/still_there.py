attack = [
    (0, "cut", 1, "brokers"),
    (100, "send", "w", {"acks": "1"}),
    (48_000, "send", "x", {"acks": "all"}),
    (60_000, "heal"),
]
