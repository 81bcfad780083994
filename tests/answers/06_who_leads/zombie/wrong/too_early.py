attack = [
    (0, "cut", 1, "controllers"),
    (2_000, "send", "c", {"acks": "1", "to": 1}),
    (20_000, "heal"),
]
