leader_on_fetch = ["note_position", "advance_mark", "read", "answer"]

follower_on_answer = ["fetch_next", "append", "take_mark"]
