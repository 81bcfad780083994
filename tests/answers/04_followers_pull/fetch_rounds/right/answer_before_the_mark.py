leader_on_fetch = ["read", "note_position", "answer", "advance_mark"]

follower_on_answer = ["append", "fetch_next", "take_mark"]
