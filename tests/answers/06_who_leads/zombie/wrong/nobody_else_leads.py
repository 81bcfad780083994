attack = [
    (0, "crash", 3),
    (1_000, "send", "c", {"acks": "1", "to": 1}),
]
