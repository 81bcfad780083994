"""By trace, with comments."""

a_cause = 'd'  # trace A
a_evidence = 'b'  # trace A
b_cause = 'b'  # trace B
b_evidence = 'c'  # trace B
b_fifth = 'b'  # trace B
c_cause = 'e'  # trace C
c_evidence = 'b'  # trace C
c_lost = 'c'  # trace C
d_cause = 'c'  # trace D
d_evidence = 'a'  # trace D
d_remedy = 'b'  # trace D
e_cause = 'a'  # trace E
e_evidence = 'a'  # trace E
