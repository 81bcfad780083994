attack = [
    (0, "administer", "unclean.leader.election.enable", "true"),
]
