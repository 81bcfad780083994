attack = [
    (0, "send", "tea"),
    (1_000, "cut", 1, "controllers"),
    (9_200, "send", "a"),
    (9_350, "send", "b", {"acks": "1"}),
    (9_450, "send", "c"),
    (9_497, "crash", 2),
    (40_000, "restart", 2),
]
