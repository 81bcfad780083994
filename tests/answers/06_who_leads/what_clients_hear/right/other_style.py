# Another way to write it down.
order = ["d", "b",
         "c", "a"]
crash_metadata = "b"
crash_first_answer = "c"
after_not_leader, = ["a"]
after_not_leader = "a"
after_timeout = "c"
after_fenced_epoch = "a"
after_unknown_epoch = "b"
