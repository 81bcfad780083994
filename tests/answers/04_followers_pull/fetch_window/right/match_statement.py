"""Pattern matching with guards, errors with names."""

import enum


class Code(enum.IntEnum):
    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    NOT_LEADER_OR_FOLLOWER = 6


def fetch_window(log_start, high_watermark, log_end, fetch_offset, replica_id, replicas):
    match replica_id:
        case broker if broker in replicas and broker >= 0:
            end = log_end
        case broker if broker < 0:
            end = high_watermark
        case _:
            return Code.NOT_LEADER_OR_FOLLOWER.value, -1
    match fetch_offset:
        case offset if offset < log_start or offset > log_end:
            return Code.OFFSET_OUT_OF_RANGE.value, -1
        case offset if offset > end:
            return Code.NONE.value, offset
    return Code.NONE.value, end
