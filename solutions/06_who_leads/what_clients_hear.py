order = ["d", "b", "c", "a"]

after_unknown_epoch = "b"
after_fenced_epoch = "a"
after_timeout = "c"
after_not_leader = "a"

crash_first_answer = "c"
crash_metadata = "b"
