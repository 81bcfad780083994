# Believes that Kafka knows what was charged.
commit_first_k1 = "c"
commit_first_k2 = "b"
commit_first_k3 = "a"
commit_first_k4 = "a"
commit_first_x = "b"

commit_after_k1 = "a"
commit_after_k2 = "a"
commit_after_k3 = "a"
commit_after_k4 = "a"
commit_after_x = "d"

auto_commit_k1 = "a"
auto_commit_k2 = "a"
auto_commit_k3 = "a"
auto_commit_k4 = "a"
auto_commit_x = "b"
auto_commit_pool = "b"

why_close_loses = "b"
