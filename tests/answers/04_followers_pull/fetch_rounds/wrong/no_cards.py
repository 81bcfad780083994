leader_on_fetch = [1, [], None, "answer"]

follower_on_answer = ["append", "take_mark", "fetch_next"]
