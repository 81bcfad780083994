attack = [
    (0, "send", "tea"),
    (700, "send", "rum"),
    (710, "crash", 1),
    (8_497, "crash", 2),
]
