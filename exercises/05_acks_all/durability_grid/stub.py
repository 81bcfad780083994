"""05/durability_grid: predict before you look. README.md lists the letters. This file is read, not run."""

# The leader answers for itself.
acks_1_isr_3_min_1 = "?"
acks_1_isr_2_min_1 = "?"
acks_1_isr_1_min_1 = "?"
acks_1_isr_3_min_2 = "?"
acks_1_isr_2_min_2 = "?"
acks_1_isr_1_min_2 = "?"

# It answers for all that are in sync.
acks_all_isr_3_min_1 = "?"
acks_all_isr_2_min_1 = "?"
acks_all_isr_1_min_1 = "?"
acks_all_isr_3_min_2 = "?"
acks_all_isr_2_min_2 = "?"
acks_all_isr_1_min_2 = "?"

copies = "?"
not_refused = "?"
minimum = "?"
