"""14/five_traces: why does lag grow? README.md has the numbers and the letters. This file is read, not run."""

# The cause: one letter each.
a_cause = "?"
b_cause = "?"
c_cause = "?"
d_cause = "?"
e_cause = "?"

# What decides it: one letter each.
a_evidence = "?"
b_evidence = "?"
c_evidence = "?"
d_evidence = "?"
e_evidence = "?"

# And what follows from it.
b_fifth = "?"
c_lost = "?"
d_remedy = "?"
