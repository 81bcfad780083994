leader_on_fetch = ["read", "read", "advance_mark", "answer"]

follower_on_answer = ["append", "take_mark", "fetch_next"]
