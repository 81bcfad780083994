attack = [
    (0, "crash", 1),
    (12_000, "send", "c", {"acks": "1", "to": 2}),
]
