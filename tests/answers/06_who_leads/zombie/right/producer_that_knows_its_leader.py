attack = [
    (0, "send", "a", {"acks": "1"}),
    (500, "cut", 1, "controllers"),
    (14_000, "send", "b", {"acks": "1"}),
    (16_000, "heal"),
]
