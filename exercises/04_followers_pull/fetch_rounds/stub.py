"""04/fetch_rounds: put the cards in order. README.md says what each one does. This file is read, not run."""

# When a fetch arrives. Four of: note_position, advance_mark, read, answer, note_what_was_sent, push_to_all
leader_on_fetch = ["?", "?", "?", "?"]

# When an answer arrives. Three of: append, take_mark, fetch_next, send_ack
follower_on_answer = ["?", "?", "?"]
