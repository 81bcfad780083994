"""Clients: libraries that live in applications, know brokers only by what they answer, and retry.

How true is it?

* conforms: Idempotence is on by default; a retry is stored once and in its place, with five requests under way
  (KIP-98) | `client/sequences.py`; tests/engine/test_producer_in_the_cluster.py, through lost answers and failovers;
  docs/agreement/idempotence.json
* conforms: Idempotence is off without a word when acks or retries exclude it, and a wrong setting is refused when it
  was asked for | tests/surface/test_api.py
* conforms: A batch without an outcome stops new ones of its partition until those behind it tell, or the epoch rises
  (KIP-360) | tests/engine/test_producer_numbers.py
* simplified: A rising epoch waits for what is under way to the partition | Kafka renumbers at once
* conforms: A transactional producer: its calls, states, and which error means abort and which means the end |
  `client/transaction_manager.py`; tests/engine/test_producer_transactions.py, protocols 1 and 2
* simplified: The producer learns `transaction.version` with its metadata | Kafka's clients learn it from ApiVersions
* conforms: buffer.memory blocks `produce` for max.block.ms, then BufferError | tests/surface/test_producer_calls.py;
  what records take is counted, Kafka counts whole batches
* not modelled: Producers compress | only `compression.type=none`, another value is refused with a sentence
* conforms: Positions move when poll returns records; fetching runs ahead of it, one request to each leader |
  `client/consumer_fetching.py`; tests/engine/test_consumer_reading.py
* conforms: `read_committed` hands over neither markers nor records of aborted transactions, and their offsets are
  passed over | tests/engine/test_consumer_reading.py; `consumer_fetching.readable`;
  docs/agreement/transactions.json
* conforms: After a change of leader the position is checked against its epochs before the next fetch (KIP-320) |
  tests/engine/test_consumer_reading.py; `consumer_positions.truncation`; without a reset policy poll returns an
  error, Kafka raises `LogTruncationException`
* conforms: A consumer reads from the replica that the leader names (KIP-392) | tests/engine/test_closest_replica.py;
  until `metadata.max.age.ms`, an error, or OFFSET_OUT_OF_RANGE
* conforms: Auto-commit: inside poll, before a rebalance, in close; never without a poll |
  `client/consumer_commits.py`; tests/surface/test_consumer_commits.py crashes at each point
* conforms: Classic members: eager and cooperative, static, callbacks, poll and session timeouts, heartbeats without
  poll | `client/classic_membership.py`; tests/engine/test_consumer_membership.py
* conforms: Assignors range, roundrobin, sticky, cooperative-sticky | tests/engine/test_assignors.py; `assignors.py`,
  on the examples of Kafka's documentation; sticky looks for single moves only, and nobody looks at racks
* simplified: KIP-848 members | `client/heartbeat_membership.py` reconciles inside poll only, and matches a pattern
  itself
* simplified: A consumer's pauses between retries | always `retry.backoff.ms`; Kafka's grow to `retry.backoff.max.ms`
* conforms: Keys go to partitions by murmur2 | tests/engine/test_producer_batching.py; Kafka's own test vectors in
  tests/engine;
  docs/agreement/keys.json
* simplified: Records without a key stay with a partition for batch.size bytes, then go where least waits (KIP-480,
  KIP-794) | Kafka draws at random, weighted by the length of the queues; ours takes the shortest
* simplified: The producer waits for the broker's REQUEST_TIMED_OUT | Kafka's Java client gives up at the same moment
  itself; librdkafka waits, as ours does
* simplified: Back-off doubles from 100 ms to 1 s | without Kafka's jitter, so that runs can be replayed
"""
