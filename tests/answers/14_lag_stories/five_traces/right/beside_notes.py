"""With notes of one's own beside the letters."""

fall_behind = {"E": [33, 33, 50, 33]}
a_cause = "d"
b_cause = "b"
c_cause = "e"
d_cause = "c"
e_cause = "a"
a_evidence = "b"
b_evidence = "c"
c_evidence = "b"
d_evidence = "a"
e_evidence = "a"
b_fifth = "b"
c_lost = "c"
d_remedy = "b"
looked_at = ["LSO", "handled"]
