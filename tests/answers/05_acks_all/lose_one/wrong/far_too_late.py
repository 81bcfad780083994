attack = [
    (0, "cut", 1, "brokers"),
    (900_000, "send", "x", {"acks": "all"}),
]
