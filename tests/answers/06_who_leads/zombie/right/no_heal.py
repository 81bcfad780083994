attack = [
    (0, "cut", 1, "controllers"),
    (11_000, "send", "c", {"acks": "1", "to": 1}),
]
