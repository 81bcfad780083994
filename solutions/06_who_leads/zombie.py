attack = [
    (0, "cut", 1, "controllers"),
    (10_500, "send", "c", {"acks": "1", "to": 1}),
    (15_000, "heal"),
]
