"""The controllers: one log, one active leader of it, and the decisions that go into it.

How true is it?

* conforms: Every decision is a record in `__cluster_metadata`; brokers learn of it by fetching |
  tests/engine/test_controller_decisions.py; `controller/`, `metadata/`
* simplified: The records are JSON | Kafka's are its own versioned binary; types and meaning are the same
* conforms: A quorum of 1, 3 or 5 voters: pre-vote, vote, epochs and votes on disk before they count |
  `controller/quorum.py`, `controller/quorum_voter.py`; KIP-595, KIP-996; tests/engine/test_quorum_random.py: 300
  lives with crashes, cuts and power losses
* conforms: A record is committed by a majority, and only with a record of the leader's own epoch |
  `majority_high_watermark`; Raft figure 8 in tests/engine/test_quorum_voting.py
* conforms: A leader without a majority that fetches for 1.5 fetch timeouts resigns; one that stops in order names its
  successors | tests/engine/test_quorum_cluster.py; `check_quorum`, `next_leader_candidates`
* conforms: Answers of the active controller wait until their records are committed; a deposed one answers
  NOT_CONTROLLER | tests/engine/test_quorum_cluster.py; `controller/controller.py`; the error comes in one kind of
  answer for all requests
* simplified: Snapshots by bytes and by time; who is too far behind fetches one in pieces | `metadata/snapshot.py`;
  KIP-630. Only the newest is kept, and brokers take none of their own
* conforms: Brokers look for the active controller, voter by voter, and follow what its answers say |
  tests/engine/test_quorum_cluster.py; `broker/controllers.py`; a fetch of metadata waits at most
  controller.quorum.request.timeout.ms, with one voter request.timeout.ms
* simplified: A voter without a leader waits to be told, or stands | Kafka's also fetches from any voter to find out
* conforms: Election: ISR, then ELR, then the last known leader, then unclean if allowed |
  tests/engine/test_elections.py; `controller/election.py`; KIP-966;
  docs/agreement/last_of_the_isr.json
* conforms: A broker that registers without its clean-shutdown mark leaves ISR and ELR |
  tests/engine/test_elections.py; `controller/cluster_control.py`
* simplified: A restarted broker acts on nothing before it has read its own registration | Kafka does not open its
  port before that; ours answers NOT_LEADER_OR_FOLLOWER
* conforms: A broker leaves in order: leaderships move, and it stops when all others have read so, after 5 minutes at
  the latest | tests/engine/test_controlled_shutdown.py;
  docs/agreement/preferred_leader.json
* simplified: A broker that took its leave and was fenced is not unfenced by a heartbeat that comes late | Kafka
  unfences it, and it leaves again with its next heartbeat
* conforms: Preferred and unclean elections, asked for or every 300 s; at most 1000 in one pass |
  tests/engine/test_controller_decisions.py; `controller/leader_control.py`;
  docs/agreement/preferred_leader.json
* conforms: min.insync.replicas changes clear the ELR, are refused for one broker, and cannot be taken back for all |
  tests/engine/test_controller_decisions.py; `controller/config_control.py`; KIP-966. Kafka also writes the cluster's
  value down when ELR is turned on; ours stays the one the controller was started with
* simplified: Topics: create, delete, more partitions; replicas in different racks (KIP-36) |
  `controller/placement.py`; Kafka begins at a random broker, ours at the first
* conforms: Reassignment: adding, completing in the change that brings the last one into the ISR, cancelling |
  `controller/reassignment.py`; tests/engine/test_controller_decisions.py
* simplified: Settings of topics, of one or all brokers and of groups change while the cluster runs | those in
  `metadata/settings.py`; APPEND and SUBTRACT for cleanup.policy only
* conforms: Producer ids come in blocks of 1000 | tests/engine/test_controller_decisions.py;
  `controller/producer_ids.py`
* simplified: What brokers pass on to the controller is asked again of the next one | for request.timeout.ms; without
  the Envelope request and its principal
"""
