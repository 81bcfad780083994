"""The broker and controller of this course behind TCP, speaking Kafka's wire protocol.

How true is it?

* conforms: The same `Broker` and `Controller` serve real clients over TCP | tests/server/test_confluent.py,
  tests/server/test_unmodified_clients.py, tests/server/test_java_and_go.py: confluent-kafka, kafka-python, aiokafka,
  kcat, Java's kafka-clients and franz-go, through a crash of the leader, in groups and in
  transactions
* conforms: What a producer was told is stored is in the data directory, in Kafka's files, also after SIGKILL |
  tests/server/test_data_dir.py
* conforms: Every message in every advertised version is encoded as Kafka encodes it |
  tests/server/test_codec_against_kio.py
* conforms: With `--processes` each broker and controller is a process, and they talk to each other in Kafka's own
  requests; a leader may be killed with SIGKILL, or stand still after SIGSTOP | tests/server/test_processes.py,
  tests/server/test_peers.py
* simplified: A broker is crashed, paused or cut off from a terminal, with `minikafka fault` | a Unix socket that only
  its owner may open (`tests/server/test_control.py`); Kafka has nothing like it, a cut holds messages until it heals
* simplified: `--stage` shows the running cluster, step by step, in the player of the lessons, with its past | what
  processes tell is put in order by the clock of their machine; clients are seen through their requests
  (`tests/server/test_stage_page.py`, `tests/stage/test_living_cluster.py`); Kafka has nothing like it
* conforms: Fetch sessions tell what is new, to clients and between brokers (KIP-227) |
  tests/server/test_fetch_sessions.py, after Kafka 4.4.0's own answers, and tests/server/test_peer_sessions.py
* conforms: Some 250 requests, right and wrong ones, are answered as Apache Kafka 4.4.0 answered them |
  tests/server/test_topic_rows.py, tests/server/test_record_rows.py, tests/server/test_group_rows.py,
  tests/server/test_offset_rows.py, tests/server/test_consumer_group_rows.py, tests/server/test_transaction_rows.py,
  tests/server/test_cluster_rows.py, tests/server/test_frames.py; what is answered otherwise stands there beside Kafka's
  answer, with its reason
* simplified: `segment.bytes` may be as small as a batch, and `retention.ms` has a synonym with a default | Kafka takes
  no segment below 1 MiB, and the default of its `log.retention.ms` is none (hours count)
* simplified: A broker compresses as `compression.type` says, and refuses a batch that does not unpack | batches are
  kept as they came, and never opened (`tests/server/test_bombs.py`)
* conforms: A client that does not take its answers is not served until it does, and is closed when idle; nobody else
  waits for it, and nothing piles up | tests/server/test_slow_clients.py; no answer is above `fetch.max.bytes`
* simplified: A full or read-only disk is KAFKA_STORAGE_ERROR to producers, and a line in the log; what was not written
  was not acknowledged | `tests/server/test_refusing_disk.py`; Kafka gives up the directory, and stops when it was the
  last; ours serves what it has, and goes on when there is room
* simplified: The page for Prometheus, under the names that its exporter gives Kafka's metrics | replicas, logs,
  controllers, request times as histograms, bytes and records of topics, lag of groups under the names of
  kafka_exporter, for Kafka's brokers do not tell it (`tests/server/test_metrics.py`); no parts of a request's time, no
  bytes of replication, and one process only
* simplified: Every API and version Kafka 4.4 shows | those in `minikafka/server/versions.py`; another key closes the
  connection, as Kafka does
"""
