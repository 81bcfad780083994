"""The log: what a partition is on one broker's disk. Knows nothing of messages, leaders or clusters.

How true is it?

* conforms: A record batch has Kafka's format (v2), byte for byte | tests/engine/test_records.py,
  tests/server/test_codec.py; tests/engine holds Kafka's own test vectors; tests/server reads and writes batches with
  confluent-kafka
* conforms: A leader stamps offset and epoch into a batch and touches nothing under its checksum |
  tests/engine/test_records.py; `protocol/records.py`, `RecordBatch.stamped`
* conforms: A log is a row of segments with offset, time and transaction index files in Kafka's layout; rolled by
  size, age and full index | tests/engine/test_segments.py; `log/segment.py`. An offset is found through a list of
  batches in memory, which the index file samples
* conforms: A crashed log is walked from its recovery point, by length and CRC alone, and cut at the first batch that
  is not whole; indexes, epochs and producers are made anew; a clean stop walks the newest segment only |
  tests/engine/test_segments.py, tests/engine/test_disk_faults.py; `log/loading.py`
* conforms: Retention by largest timestamp and by size, whole segments, nothing at or above the high watermark;
  `.deleted` files go after file.delete.delay.ms | tests/engine/test_segments.py, tests/engine/test_log_start.py;
  `log/retention.py`
* conforms: DeleteRecords moves the log start, and answers when every live replica has followed |
  tests/engine/test_log_start.py; `broker/delete_records.py`;
  docs/agreement/01_log.json
* conforms: Compaction keeps the newest record of each key; tombstones and markers until their delete horizon; the
  last batch of each producer as an empty head; aborted records go | tests/engine/test_compaction.py;
  `log/compaction.py`;
  docs/agreement/01_compaction.json
* simplified: The cleaner takes the dirtiest log first, cleans by halves when memory is short, also the beginning of a
  segment that reaches beyond the limit | all logs that need it are cleaned at once, whole segments only
* conforms: Sequences: duplicates of the last five batches, gaps, older and newer epochs, the wrap to 0; state expires
  after producer.id.expiration.ms | tests/engine/test_producer_state.py; `log/producer_state.py`
* conforms: A `.snapshot` holds of each producer the last batch only | tests/engine/test_segments.py; as in Kafka:
  after a restart older duplicates before the snapshot are OUT_OF_ORDER_SEQUENCE_NUMBER
* conforms: The last stable offset, and the aborted transactions among what was read |
  tests/engine/test_producer_state.py; `log/transaction_index.py`
* simplified: Where logs start, and what is flushed, is noted in checkpoint files | log starts with the high
  watermarks (5 s), not every 60 s; `quorum-state` and the mark of a clean stop are JSON, as in Kafka
* conforms: Append time, times out of bounds, records without a key on compacted topics |
  tests/engine/test_compaction.py; `broker/validation.py`. A head whose largest timestamp is wrong is stored as sent
* not modelled: flush.messages, flush.ms, several log directories, tiered storage | `UnifiedLog`, `LogManager`,
  `RemoteLogManager`
* simplified: Compressed batches | kept and passed on as they are; the core does not open them, and the simulation's
  clients send none
* conforms: Records of topics are not flushed on the way to an acknowledgement; the controllers' log is |
  tests/engine/test_log.py; `sim/disk.py`; a power loss takes what is neither flushed nor older than 30 s
"""
