leader_on_fetch = ["advance_mark", "note_position", "read", "answer"]

follower_on_answer = ["append", "take_mark", "fetch_next"]
