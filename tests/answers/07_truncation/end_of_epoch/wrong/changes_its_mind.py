"""Right at first, and something else when asked again."""

def end_of_epoch(epochs, log_end, asked):
    end_of_epoch.asked = getattr(end_of_epoch, "asked", set())
    question = (epochs, log_end, asked)
    if question in end_of_epoch.asked:
        return (9, 9)
    end_of_epoch.asked.add(question)
    if asked < 0 or not epochs or asked > epochs[-1][0]:
        return None
    if asked == epochs[-1][0]:
        return asked, log_end
    end = next(start for epoch, start in epochs if epoch > asked)
    return max((epoch for epoch, _ in epochs if epoch <= asked), default=asked), end
