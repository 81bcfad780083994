attack = [
    (0, "cut", 1, "controllers"),
    (15_000, "heal"),
]
