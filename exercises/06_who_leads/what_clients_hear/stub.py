"""06/what_clients_hear: predict before you look. README.md lists the letters. This file is read, not run."""

# Which comes first? The letters a, b, c, d in the order of the run.
order = ["?", "?", "?", "?"]

# What does each client do with what it hears? One letter each.
after_unknown_epoch = "?"
after_fenced_epoch = "?"
after_timeout = "?"
after_not_leader = "?"

# The same run with crash(1) instead of the cut.
crash_first_answer = "?"
crash_metadata = "?"
