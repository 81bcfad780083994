"""Decide, append, replay: how everything that coordinates keeps its state in a log.

How true is it?

* conforms: Epochs, fencing, repeated requests, timeouts, expiry of a transactional id | `coordinator/transaction.py`;
  tests/engine/test_transaction_rules.py; KIP-98, KIP-360, KIP-890;
  docs/agreement/transactions.json
* conforms: Protocol 2 raises the producer epoch at each end; protocol 1 with `transaction.version=1` |
  tests/engine/test_transactions.py: a late EndTxn ends the next transaction under protocol 1, and is fenced under 2
* conforms: A leader adds (protocol 2) or verifies (protocol 1) a partition at the coordinator before the first record
  | tests/engine/test_transactions.py; `broker/transaction_verification.py`; without verification a transaction hangs
* conforms: The answer to EndTxn follows the committed Prepare record; markers are written until all partitions have
  them, by whoever coordinates | tests/engine/test_transactions.py; `broker/transaction_markers.py`; the coordinator
  is killed between two markers;
  docs/agreement/torn_transaction.json
* conforms: A marker that is written already may come again | tests/engine/test_producer_state.py;
  `log/producer_state.py`; KAFKA-19999
* conforms: read_committed stops at the last stable offset, and gets the list of aborted transactions |
  tests/engine/test_transactions.py; `broker/reading.py`;
  docs/agreement/transactions.json
* simplified: The list of aborted transactions reaches up to the last stable offset | Kafka's reaches about as far as
  the records that were read
* simplified: The records of `__transaction_state` are JSON | same types and fields; the epoch before the newest is
  written too, which Kafka forgets at a failover
* simplified: What a coordinator has appended and not committed is seen by its next decision | Kafka answers
  CONCURRENT_TRANSACTIONS for so long; here the answer waits until all it rests on is committed
* not modelled: Two-phase commit with an outside coordinator (KIP-939) | the request has no such field
* conforms: All that a coordinator promises is a record in its partition of `__consumer_offsets`, and is answered once
  the high watermark has passed it | `broker/coordinator_host.py`; tests/engine/test_coordinator_host.py
* simplified: A coordinator reads what is committed at once, and what is not never | ours lets a read wait until all
  it has seen is committed
* conforms: A failover of the coordinator keeps offsets, generation, members and assignments |
  tests/engine/test_groups_in_a_cluster.py;
  docs/agreement/coordinator.json
* simplified: The records of `__consumer_offsets` are JSON | Kafka's are its own versioned binary; types and meaning
  are the same
* simplified: Member ids are made by the coordinator | client id, leader epoch and a number in place of a random UUID
* conforms: Classic groups: five states, pending ids, generations, vote, initial delay, timeouts, static members,
  fencing of commits | `coordinator/group.py`, `joining.py`, `syncing.py`; tests/engine/test_classic_groups.py, after
  Kafka 4.4.0's own answers;
  docs/agreement/range.json
* simplified: A generation that cannot be written down begins a rebalance | the leader is told
  COORDINATOR_NOT_AVAILABLE and brings the assignment again
* conforms: KIP-848: one heartbeat, three epochs, reconciliation, fencing, timeouts, static members, regular
  expressions, commits of older epochs (KIP-1251) | `coordinator/consumer_group.py`, `consumer_heartbeat.py`;
  tests/engine/test_consumer_groups_kip848.py;
  docs/agreement/kip848.json
* simplified: Regular expressions of subscriptions | Python's, resolved at each heartbeat; Kafka's are RE2J, resolved
  about every ten minutes
* simplified: The server's assignors `uniform` and `range` | balanced and sticky as Kafka's; racks are not looked at,
  and details of who moves can differ
* not modelled: A group with members moves between the two protocols (`group.consumer.migration.policy`) | as with
  `disabled`: GROUP_ID_NOT_FOUND, INCONSISTENT_GROUP_PROTOCOL; empty groups do move
* conforms: Offsets in transactions: pending until the marker, UNSTABLE_OFFSET_COMMIT, the generation is checked |
  `coordinator/offsets.py`, `committing.py`; tests/engine/test_committed_offsets.py
* conforms: Offsets expire after `offsets.retention.minutes`, by the kind and state of their group |
  `offsets.is_expired`; tests/engine/test_committed_offsets.py
* not modelled: Offsets of a deleted topic go at once | they wait for their retention
"""
