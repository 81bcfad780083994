leader_on_fetch = ["note_position", "advance_mark", "read", "answer"]

follower_on_answer = ["append", "take_mark", "send_ack"]
