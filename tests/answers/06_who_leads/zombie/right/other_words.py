attack = [
    (0, "send", "a"),
    (500, "cut", 1, "controllers"),
    (12_000, "send", "b", {"acks": "1", "to": 1}),
    (13_000, "send", "c", {"acks": "1", "to": 1}),
    (20_000, "heal"),
]
