# Thought better of it.
acks_1_isr_3_min_1 = "b"
acks_1_isr_2_min_1 = "b"
acks_1_isr_1_min_1 = "b"
acks_1_isr_3_min_2 = "b"
acks_1_isr_2_min_2 = "b"
acks_1_isr_1_min_2 = "b"

acks_all_isr_3_min_1 = "c"
acks_all_isr_2_min_1 = "c"
acks_all_isr_1_min_1 = "b"
acks_all_isr_3_min_2 = "c"
acks_all_isr_2_min_2 = "c"
acks_all_isr_1_min_2 = "a"

copies = "c"
not_refused = "a"
minimum = "a"

minimum = "b"
