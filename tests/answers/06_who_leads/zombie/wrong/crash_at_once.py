attack = [
    (0, "send", "c", {"acks": "1", "to": 1}),
    (3, "crash", 1),
    (30_000, "restart", 1),
]
