attack = [
    (0, "send", "m0"),
    (2_000, "crash", 1),
    (13_000, "send", "m3", {"acks": "1", "to": 2}),
    (14_000, "crash", 2),
    (25_000, "send", "m5", {"acks": "1", "to": 3}),
    (26_000, "restart", 2),
]
