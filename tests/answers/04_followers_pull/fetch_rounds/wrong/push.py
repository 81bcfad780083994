leader_on_fetch = ["push_to_all", "note_position", "advance_mark", "answer"]

follower_on_answer = ["append", "take_mark", "fetch_next"]
