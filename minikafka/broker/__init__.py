"""Brokers: they hold replicas, lead some of them, and follow the rest.

How true is it?

* conforms: Followers pull; a leader knows what they hold from the offset of their next fetch |
  tests/engine/test_leading.py; `broker/partition.py`
* conforms: The high watermark is the smallest log end of the maximal ISR, and stands still below min.insync.replicas
  | tests/engine/test_leading.py; `advance_high_watermark`; KIP-497, KIP-966;
  docs/agreement/04_high_watermark.json
* conforms: Members leave the ISR by time (30 s, looked at every 15 s), join at the high watermark and the start of
  the epoch | tests/engine/test_leading.py; `broker/isr.py`
* conforms: A follower cuts its log where the leader's answer says that they part | tests/engine/test_leading.py;
  `log/leader_epochs.py`; KIP-101, KIP-279, KIP-595;
  docs/agreement/07_epochs.json
* simplified: When a leader cannot place a follower's last epoch, the follower falls back to its high watermark, then
  to the leader's log start | Kafka asks for the leader's end first (`fetchOffsetAndTruncate`)
* conforms: With `RackAwareReplicaSelector` a consumer that names its rack is sent to a replica there (KIP-392) |
  `broker/closest_replica.py`; tests/engine/test_closest_replica.py
* simplified: A follower serves consumers up to the high watermark that it knows of | only consumers that name a rack;
  Kafka lets every Fetch from version 11 on; and Kafka's leader hurries to tell followers of a new watermark, ours
  within replica.fetch.wait.max.ms
* conforms: A new leader whose high watermark has not reached its epoch's start answers OFFSET_NOT_AVAILABLE for the
  end (KIP-207) | tests/engine/test_all_die_at_once.py; `broker/client_requests.py`
* simplified: Replicas of deleted topics go, and files of a topic's namesake are never taken for its own |
  `broker/replica_files.py`; Kafka renames them and waits for file.delete.delay.ms
* not modelled: Fetch sessions (KIP-227), quotas | each fetch names all its partitions
"""
