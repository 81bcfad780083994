"""12/crash_table: predict before you look. README.md lists the letters. This file is read, not run."""

# poll() → commit → charge, charge
commit_first_k1 = "?"
commit_first_k2 = "?"
commit_first_k3 = "?"
commit_first_k4 = "?"
commit_first_x = "?"

# poll() → charge, charge → commit
commit_after_k1 = "?"
commit_after_k2 = "?"
commit_after_k3 = "?"
commit_after_k4 = "?"
commit_after_x = "?"

# enable.auto.commit=true, and the interval is over when poll 2 is made
auto_commit_k1 = "?"
auto_commit_k2 = "?"
auto_commit_k3 = "?"
auto_commit_k4 = "?"
auto_commit_x = "?"
auto_commit_pool = "?"

why_close_loses = "?"
