attack = [
    (0, "send", "m0"),
    (700, "cut", 2, "brokers"),
    (710, "send", "m1", {"acks": "1", "to": 1}),
    (46_000, "crash", 1),
    (57_000, "send", "m3", {"acks": "1", "to": 3}),
    (60_000, "heal"),
]
