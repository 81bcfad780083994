"""Answers with something else."""


def may_join(leader, follower):
    return "yes"
