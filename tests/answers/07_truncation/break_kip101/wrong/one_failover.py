attack = [
    (0, "send", "m0"),
    (700, "cut", 2, "brokers"),
    (710, "send", "m1", {"acks": "1", "to": 1}),
    (2_000, "crash", 1),
    (13_000, "send", "m3", {"acks": "1", "to": 2}),
    (20_000, "heal"),
]
