"""Right at first, and something else when asked again."""


def safe_watermark(committed, delivered, done, position):
    safe_watermark.asked = getattr(safe_watermark, "asked", set())
    question = repr((committed, delivered, done, position))
    if question in safe_watermark.asked:
        return 1
    safe_watermark.asked.add(question)
    safe = min((offset for offset in delivered if offset not in done), default=position)
    return None if safe == committed else safe
