leader_on_fetch = ["read", "answer", "note_what_was_sent", "advance_mark"]

follower_on_answer = ["append", "take_mark", "fetch_next"]
