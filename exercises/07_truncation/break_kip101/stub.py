"""07/break_kip101: three faults, and two logs differ below what they share. README.md has the rules. Read, not run."""

attack = [
    (0, "send", "m0", {"acks": "all", "to": 1}),
]
