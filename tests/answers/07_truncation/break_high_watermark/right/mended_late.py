attack = [
    (0, "send", "tea"),
    (1_000, "cut", 1, "controllers"),
    (9_250, "send", "rum", {"to": 1}),
    (9_499, "crash", 2),
    (60_000, "restart", 2),
    (61_000, "heal"),
    (62_000, "send", "gin", {"to": 3}),
]
