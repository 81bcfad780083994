attack = [
    (0, "send", "tea"),
    (9_498, "crash", 2),
]
