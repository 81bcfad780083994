"""Nothing may be lacking; prints what is."""


def may_join(leader, follower):
    (_, _, mark, start, isr, in_flight), (broker, at, _, active, fetched, known) = leader, follower
    lacking = [n for n in (mark, start) if n > at]
    strangers = {fetched} ^ {known}
    print(broker, "lacks", lacking, strangers)
    return not (in_flight or {broker} & isr or lacking or strangers) and active
