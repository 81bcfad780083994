attack = [
    (0, "send", "c", {"acks": "1", "to": 1}),
    (1, "crash", 1),
    (2, "crash", 2),
]
