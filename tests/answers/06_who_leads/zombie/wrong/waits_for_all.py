attack = [
    (0, "send", "b"),
    (1_000, "cut", 1, "controllers"),
    (12_000, "send", "c", {"acks": "all", "to": 1}),
    (15_000, "heal"),
]
