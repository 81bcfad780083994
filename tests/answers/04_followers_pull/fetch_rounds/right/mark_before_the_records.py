leader_on_fetch = ("note_position", "read", "advance_mark", "answer")

follower_on_answer = ("take_mark", "append", "fetch_next")
