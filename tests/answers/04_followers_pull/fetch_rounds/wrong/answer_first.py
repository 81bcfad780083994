leader_on_fetch = ["note_position", "advance_mark", "answer", "read"]

follower_on_answer = ["append", "take_mark", "fetch_next"]
