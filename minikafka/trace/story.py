"""The one sentence of each fact. Written here and nowhere else; every page, log and verdict quotes it.

A sentence names who, what and where, in the present tense, with Kafka's names. Its *weight* says how loudly to tell it:
0 is bookkeeping that only the picture needs, 1 belongs to the story, 2 is a turning point.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.records import CorruptBatch, Record, split_batches
from minikafka.types import METADATA_PARTITION, NodeId, TopicPartition


def name_of(node: NodeId) -> str:
    """How a node is called in a sentence: `broker-1` → `Broker 1`, `producer-A` → `Producer A`."""
    if not node:
        return "The world"
    role, _, rest = node.partition("-")
    return f"{role.capitalize()} {rest}" if rest else role.capitalize()


def lower(node: NodeId) -> str:
    """The same in the middle of a sentence."""
    role, _, rest = node.partition("-")
    return f"{role} {rest}" if rest else role


def text_of(value: bytes | None) -> str:
    """A key or value for people."""
    return "null" if value is None else value.decode("utf-8", "replace")


def listed(items: Iterable[object]) -> str:
    """`1, 2 and 3`; `nobody` for none."""
    words = [str(item) for item in items]
    if not words:
        return "nobody"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def values_of(values: Sequence[bytes | None]) -> str:
    """The values of a batch, shortened."""
    words = [text_of(value) for value in values]
    return listed(words) if len(words) <= 4 else f"{words[0]} … {words[-1]} ({len(words)} records)"


def sentence(node: NodeId, fact: facts.Fact) -> str:
    """What happened, in one sentence. `node` is who states it."""
    who = name_of(node)
    match fact:
        case facts.RecordsAppended():
            return _appended(who, fact)
        case facts.LogTruncated():
            count = fact.was_end - fact.to_offset
            offsets = f"offset {fact.to_offset}" if count == 1 else f"offsets {fact.to_offset} to {fact.was_end - 1}"
            return f"{who} cuts {offsets} off its log: the leader's log has no such records there."
        case facts.HighWatermarkMoved():
            if fact.partition == METADATA_PARTITION:
                return f"{who}: the metadata log is committed below {fact.high_watermark}."
            if fact.as_leader:
                return f"{who} moves the high watermark to {fact.high_watermark}: all that count hold everything below."
            return f"{who} learns that the high watermark is {fact.high_watermark}."
        case facts.LogRecovered():
            return (
                f"{who} finds its log on disk: it ends at {fact.log_end_offset}, "
                f"high watermark {fact.high_watermark} as last written down."
            )
        case facts.LogFlushed():
            return f"{who} has everything below {fact.durable_end} on disk."
        case facts.BecameLeader():
            return (
                f"{who} reads that it leads {fact.partition} in epoch {fact.leader_epoch}, "
                f"and notes that this epoch starts at {fact.start_offset}."
            )
        case facts.BecameFollower(leader=-1):
            return f"{who} reads that nobody leads {fact.partition} (epoch {fact.leader_epoch})."
        case facts.BecameFollower():
            where = f"{fact.partition} in epoch {fact.leader_epoch}"
            return f"{who} reads that broker {fact.leader} leads {where}, and follows it."
        case facts.FollowerProgress():
            known = f"{_in_text(who)} knows it holds everything below"
            return f"Broker {fact.follower} asks for {fact.log_end_offset}, so {known}."
        case facts.IsrProposed():
            return _isr_proposed(who, fact)
        case facts.IsrAdopted():
            return f"{who} counts with ISR {_set(fact.isr)} from now on."
        case facts.IsrProposalRefused():
            if node.startswith("controller"):
                return f"{who} refuses the ISR that {fact.partition}'s leader asks for: {fact.error.name}."
            return f"{who} hears that its ISR was refused: {fact.error.name}."
        case facts.ProduceParked():
            until = f"acks=all is answered when the high watermark reaches {fact.needs_offset}"
            return f"{who} lets {lower(fact.client)} wait: {until}."
        case facts.ProduceAnswered():
            return _answered(who, fact)
        case facts.ReadRefused():
            return _read_refused(who, fact)
        case facts.DivergenceFound():
            return (
                f"{who} tells {lower(fact.reader)}: in my log epoch {fact.epoch} ends at {fact.end_offset}, "
                f"and you ask for {fact.fetch_offset} after epoch {fact.last_fetched_epoch}."
            )
        case facts.MetadataReplayed():
            return f"{who} has read the metadata log below {fact.next_offset}."
        case facts.StorageFailed():
            return f"{who} cannot write to {fact.partition}: {fact.reason}"
    return _sentence_of_controller(who, fact)


def _sentence_of_controller(who: str, fact: facts.Fact) -> str:
    match fact:
        case facts.QuorumLeaderElected():
            return f"{who} is the active controller in quorum epoch {fact.epoch}."
        case facts.BrokerRegistered(clean=True):
            return f"{who} registers broker {fact.broker} with broker epoch {fact.broker_epoch}."
        case facts.BrokerRegistered():
            return (
                f"{who} registers broker {fact.broker} with broker epoch {fact.broker_epoch}; it did not shut down "
                f"in order, so it may have lost its last writes."
            )
        case facts.RegistrationRefused():
            return f"{who} does not register broker {fact.broker} yet: its former process still counts as alive."
        case facts.BrokerFenced():
            return f"{who} has heard nothing of broker {fact.broker} for {fact.silent_ms / 1000:g} s, and fences it."
        case facts.BrokerUnfenced():
            return f"{who} counts broker {fact.broker} as alive."
        case facts.TopicCreated():
            return f"{who} writes that topic {fact.topic} exists."
        case facts.PartitionChanged():
            return _partition_changed(who, fact)
    return _sentence_of_client(who, fact)


def _sentence_of_client(who: str, fact: facts.Fact) -> str:
    match fact:
        case facts.ProduceSent():
            again = "" if fact.attempt == 1 else " again"
            return f"{who} sends {values_of(fact.values)}{again} to broker {fact.broker} with acks={_acks(fact.acks)}."
        case facts.ProduceAcknowledged(acks=0):
            return f"{who} has sent {values_of(fact.values)} and asks for no answer (acks=0)."
        case facts.ProduceAcknowledged():
            return f"{who} is told: {values_of(fact.values)} stored at offset {fact.base_offset}."
        case facts.ProduceRetried():
            return (
                f"{who} hears {fact.error.name} for {values_of(fact.values)}, "
                f"and will try again in {fact.retry_after_ms} ms."
            )
        case facts.ProduceFailed():
            return f"{who} is told that {values_of(fact.values)} failed: {fact.error.name}."
        case facts.LeaderLearned(leader=-1):
            return f"{who} learns that nobody leads {fact.partition} (epoch {fact.leader_epoch})."
        case facts.LeaderLearned():
            return f"{who} learns that broker {fact.leader} leads {fact.partition} in epoch {fact.leader_epoch}."
        case facts.RecordsConsumed():
            read = values_of([value for _, _, _, value in fact.records])
            first = fact.records[0][0]
            return (
                f"{who} reads {read} at offset {first}."
                if len(fact.records) == 1
                else f"{who} reads {read} from offset {first} on."
            )
        case facts.FetchFailed():
            return f"{who} is told by broker {fact.broker}: {fact.error.name}."
    return _sentence_of_world(fact)


def _sentence_of_world(fact: facts.Fact) -> str:
    match fact:
        case facts.NodeStarted():
            return f"{name_of(fact.node)} starts."
        case facts.NodeCrashed(power_lost=True):
            return f"{name_of(fact.node)} loses power: what was not on disk is gone."
        case facts.NodeCrashed():
            return f"{name_of(fact.node)} crashes; what it wrote is still in its machine's page cache."
        case facts.NodeRestarted():
            return f"{name_of(fact.node)} starts again."
        case facts.NodePaused():
            return f"{name_of(fact.node)} stands still, and does not know it."
        case facts.NodeResumed():
            return f"{name_of(fact.node)} goes on where it stood."
        case facts.LinkCut():
            return f"The link between {lower(fact.one)} and {lower(fact.other)} is cut; neither is told."
        case facts.LinkHealed():
            return f"The link between {lower(fact.one)} and {lower(fact.other)} works again."
        case facts.ConnectionsLost():
            late = (
                "what was under way is lost"
                if fact.late_ms < 0
                else f"what was under way arrives {fact.late_ms} ms late"
            )
            return f"The connections between {lower(fact.one)} and {lower(fact.other)} break; {late}."
        case facts.DiskFilled(full=True):
            return f"The disk of {lower(fact.node)} is full."
        case facts.DiskFilled():
            return f"The disk of {lower(fact.node)} has room again."
        case facts.PromiseBroken():
            return f"Promise broken ({fact.promise}, {fact.name}): {fact.sentence}"
        case facts.LossBeyondPromise():
            return f"Loss beyond the promise: {fact.sentence}"
        case facts.Note():
            return fact.text
    raise AssertionError(f"no sentence for {type(fact).__name__}")


def weight(fact: facts.Fact) -> int:
    """0 bookkeeping, 1 part of the story, 2 a turning point."""
    match fact:
        case (
            facts.NodeCrashed()
            | facts.LinkCut()
            | facts.NodePaused()
            | facts.LogTruncated()
            | facts.PromiseBroken()
            | facts.LossBeyondPromise()
            | facts.BrokerFenced()
            | facts.ConnectionsLost()
            | facts.DiskFilled(full=True)
            | facts.ProduceFailed()
        ):
            return 2
        case facts.PartitionChanged():
            return 2 if fact.leader != fact.old_leader else 1
        case facts.RecordsAppended(partition=partition) | facts.HighWatermarkMoved(partition=partition):
            internal = partition == METADATA_PARTITION
            follower_mark = isinstance(fact, facts.HighWatermarkMoved) and not fact.as_leader
            return 0 if internal or follower_mark else 1
        case (
            facts.FollowerProgress()
            | facts.MetadataReplayed()
            | facts.LogFlushed()
            | facts.RegistrationRefused()
            | facts.IsrAdopted()
            | facts.LeaderLearned()
            | facts.NodeStarted()
            | facts.QuorumLeaderElected()
        ):
            return 0
        case facts.ProduceAnswered():
            return 1 if fact.error != ErrorCode.NONE else 0
        case facts.ReadRefused(error=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) | facts.BrokerRegistered(clean=True):
            return 0
        case facts.IsrProposalRefused():
            return 1
        case facts.LogRecovered(partition=partition):
            return 0 if partition == METADATA_PARTITION else 1
    return 1


# --- the longer ones ---


def records_of(data: bytes) -> list[tuple[Record, int]]:
    """The records in a run of batches, each with its leader epoch; compressed batches are passed over."""
    found: list[tuple[Record, int]] = []
    for batch in split_batches(data):
        if batch.is_control:
            continue
        try:
            found += [(record, batch.leader_epoch) for record in batch.records()]
        except CorruptBatch:
            continue
    return found


def _appended(who: str, fact: facts.RecordsAppended) -> str:
    found = records_of(fact.batches)
    if fact.partition == METADATA_PARTITION:
        verb = "writes" if fact.as_leader else "copies"
        return f"{who} {verb} metadata records {fact.base_offset} to {fact.next_offset - 1}."
    what = values_of([record.value for record, _ in found]) or "a batch"
    epoch = found[-1][1] if found else "?"
    where = (
        f"offset {fact.base_offset}" if fact.next_offset == fact.base_offset + 1 else f"offset {fact.base_offset} on"
    )
    if fact.as_leader:
        return f"{who} appends {what} at {where}, in epoch {epoch}."
    return f"{who} copies {what} at {where} (epoch {epoch})."


def _answered(who: str, fact: facts.ProduceAnswered) -> str:
    if fact.error == ErrorCode.NONE:
        return f"{who} answers {lower(fact.client)}: stored at offset {fact.base_offset}."
    if fact.error == ErrorCode.REQUEST_TIMED_OUT:
        return (
            f"{who} answers {lower(fact.client)}: REQUEST_TIMED_OUT. "
            f"The record is in its log; whether it stays, nobody knows."
        )
    return f"{who} refuses {lower(fact.client)}: {fact.error.name}."


def _read_refused(who: str, fact: facts.ReadRefused) -> str:
    reader = lower(fact.reader)
    match fact.error:
        case ErrorCode.FENCED_LEADER_EPOCH:
            behind = f"you know epoch {fact.request_epoch}, this is {fact.local_epoch}"
            return f"{who} answers {reader} FENCED_LEADER_EPOCH: {behind}."
        case ErrorCode.UNKNOWN_LEADER_EPOCH:
            behind = f"you know epoch {fact.request_epoch}, I have read {fact.local_epoch}"
            return f"{who} answers {reader} UNKNOWN_LEADER_EPOCH: {behind}."
    return f"{who} answers {reader} {fact.error.name}."


def _isr_proposed(who: str, fact: facts.IsrProposed) -> str:
    if fact.removed:
        return f"{who} asks for ISR {_set(fact.isr)}: {listed(fact.removed)} fell behind."
    if fact.added:
        return f"{who} asks for ISR {_set(fact.isr)}: {listed(fact.added)} has caught up."
    return f"{who} tells the controller that it has taken over (ISR {_set(fact.isr)})."


def _partition_changed(who: str, fact: facts.PartitionChanged) -> str:
    standing = f"ISR {_set(fact.isr)}" + (f", ELR {_set(fact.elr)}" if fact.elr else "")
    name: TopicPartition = fact.partition
    if fact.old_leader_epoch < 0:
        return f"{who} writes: {name} has replicas {listed(fact.replicas)}, leader {fact.leader}, {standing}."
    if fact.leader == fact.old_leader:
        return f"{who} writes: {name} has {standing}."
    if fact.leader == -1:
        return f"{who} writes: nobody may lead {name}, epoch {fact.leader_epoch}, {standing}."
    unclean = " Unclean: records may be missing." if fact.recovering else ""
    return f"{who} writes: broker {fact.leader} leads {name}, epoch {fact.leader_epoch}, {standing}.{unclean}"


def _set(members: Iterable[int]) -> str:
    return "{" + ", ".join(str(member) for member in members) + "}"


def _acks(acks: int) -> str:
    return "all" if acks == -1 else str(acks)


def _in_text(who: str) -> str:
    return who[:1].lower() + who[1:]
