"""A heap with the position as its last."""

import heapq


def safe_watermark(committed, delivered, done, position):
    heap = [position, *delivered]
    heapq.heapify(heap)
    while heap[0] != position and heap[0] in done:
        heapq.heappop(heap)
    return None if heap[0] == committed else heap[0]
