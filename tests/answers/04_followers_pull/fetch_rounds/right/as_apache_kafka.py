leader_on_fetch = ["read", "note_position", "advance_mark", "answer"]

follower_on_answer = ["append", "take_mark", "fetch_next"]
