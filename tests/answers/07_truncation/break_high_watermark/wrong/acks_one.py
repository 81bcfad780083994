attack = [
    (1_000, "cut", 1, "controllers"),
    (12_000, "send", "rum", {"acks": "1", "to": 1}),
]
