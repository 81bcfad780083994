attack = [
    (0, "cut", 1, "controllers"),
    (11_000, "send", "x", {"acks": "1", "to": 1}),
    (15_000, "heal"),
]
