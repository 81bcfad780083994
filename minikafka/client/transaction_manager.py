"""What a numbered producer is, and how far its transaction has come. It decides; others send.

```
 init_transactions        begin            commit                    outcome known
 UNINITIALIZED ─▶ INITIALIZING ─▶ READY ─▶ IN_TRANSACTION ─▶ COMMITTING ─▶ READY
                                                 │ a batch fails   abort
                                                 └─▶ ABORTABLE_ERROR ─▶ ABORTING ─▶ READY
                              fenced, at any time: FATAL_ERROR, and nothing more
```

* A producer without a transactional id goes the first three states by itself, with its first record.
* Protocol 1 tells the coordinator of a partition before the first record goes there. Protocol 2 (KIP-890) just
  produces: the partition's leader tells it, and each end of a transaction gives a new epoch.
* EndTxn is sent when every record has its outcome. A transaction in which nothing was sent ends without it.
* Whoever has been fenced (PRODUCER_FENCED) may do nothing more: another instance goes on under its transactional id.

Mirrors `TransactionManager`. What we leave out: two-phase commit (KIP-939), authorization.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from minikafka.client import transaction_requests
from minikafka.client.accumulator import Batch
from minikafka.client.sequences import MAX_EPOCH, NOBODY, ProducerIdAndEpoch, Sequences
from minikafka.client.transaction_requests import Verdict
from minikafka.config import ProducerConfig
from minikafka.protocol import facts
from minikafka.protocol.errors import ErrorCode
from minikafka.protocol.group_messages import OffsetToCommit
from minikafka.protocol.messages import Request, Response
from minikafka.protocol.transaction_messages import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
    EndTxnRequest,
    EndTxnResponse,
    InitProducerIdRequest,
    InitProducerIdResponse,
    TransactionToAdd,
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from minikafka.types import NO_EPOCH, Epoch, TopicPartition


class State(Enum):
    """Where a producer stands."""

    UNINITIALIZED = "uninitialized"
    INITIALIZING = "initializing"
    READY = "ready"
    IN_TRANSACTION = "in transaction"
    COMMITTING = "committing transaction"
    ABORTING = "aborting transaction"
    ABORTABLE_ERROR = "abortable error"
    FATAL_ERROR = "fatal error"


VALID_PREVIOUS_STATES: Mapping[State, Mapping[State, str]] = {
    State.UNINITIALIZED: {State.READY: "the last epoch of a producer id is used up"},
    State.INITIALIZING: {
        State.UNINITIALIZED: "init_transactions(); without a transactional id, the first record",
        State.COMMITTING: "committed, and the epoch must be raised (protocol 1)",
        State.ABORTING: "aborted after an error, and the epoch must be raised (protocol 1)",
    },
    State.READY: {
        State.INITIALIZING: "the coordinator has granted id and epoch",
        State.COMMITTING: "the coordinator has written the decision down",
        State.ABORTING: "the coordinator has written the decision down",
    },
    State.IN_TRANSACTION: {State.READY: "begin_transaction()"},
    State.COMMITTING: {State.IN_TRANSACTION: "commit_transaction()"},
    State.ABORTING: {
        State.IN_TRANSACTION: "abort_transaction()",
        State.ABORTABLE_ERROR: "abort_transaction()",
    },
    State.ABORTABLE_ERROR: {
        State.INITIALIZING: "the coordinator refuses",
        State.IN_TRANSACTION: "a batch or a request has failed",
        State.COMMITTING: "a batch or a request has failed",
    },
    State.FATAL_ERROR: dict.fromkeys(State, "fenced, or refused for good"),
}
"""State → the states it can be reached from, and by what."""

FATAL_FOR_BATCHES = frozenset(
    {
        ErrorCode.PRODUCER_FENCED,
        ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
        ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ErrorCode.UNSUPPORTED_VERSION,
        ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    }
)


class GroupMetadata(NamedTuple):
    """Which member of a group has read what a transaction commits (KIP-447)."""

    group_id: str
    generation: Epoch = NO_EPOCH
    member_id: str = ""
    group_instance_id: str | None = None


@dataclass(slots=True)
class Call:
    """A call of the application that waits for the coordinator, and what became of it."""

    name: str
    done: bool = False
    error: ErrorCode = ErrorCode.NONE
    refusal: str = ""
    """The call makes no sense now; one sentence."""


@dataclass(slots=True)
class Transaction:
    """What belongs to the present transaction."""

    version: int = 2
    """Which protocol it follows; looked up when it begins."""
    started: bool = False
    """May the coordinator have heard of it?"""
    partitions: set[TopicPartition] = field(default_factory=set)
    """May be written to."""
    to_add: list[TopicPartition] = field(default_factory=list)
    """Protocol 1: not yet known to the coordinator."""
    offsets: dict[TopicPartition, OffsetToCommit] = field(default_factory=dict)
    """Not yet committed with the transaction."""
    group: GroupMetadata | None = None
    group_added: bool = False


class TransactionManager:
    """Id, epoch, sequence numbers and transaction of one producer."""

    def __init__(self, config: ProducerConfig) -> None:
        self.config = config
        self.transactional_id = config.transactional_id
        self.is_transactional = bool(config.transactional_id)
        self.state = State.UNINITIALIZED
        self.sequences = Sequences(self.is_transactional)
        self.version: int | None = None
        """The cluster's transaction.version; None until a broker has told."""
        self.transaction = Transaction()
        self.call = Call("", done=True)
        """The application's last call."""
        self.last_error = ErrorCode.NONE
        self._epoch_must_rise = False

    # --- the application's calls ---

    def init_transactions(self) -> list[facts.Fact]:
        """Ask for an epoch, and so fence every other producer of this transactional id."""
        if self._goes_on("init_transactions", State.INITIALIZING):
            return []
        if self._refuses("init_transactions", State.UNINITIALIZED):
            return []
        self._become(State.INITIALIZING)
        return []

    def begin(self) -> list[facts.Fact]:
        """From here to the end records belong together."""
        if self._refuses("begin_transaction", State.READY):
            return []
        assert self.version is not None, "the protocol is known once the coordinator has answered"
        self._become(State.IN_TRANSACTION)
        self.transaction = Transaction(self.version)
        self.call.done = True
        return [facts.TransactionBegun(self.transactional_id)]

    def send_offsets(self, offsets: Mapping[TopicPartition, OffsetToCommit], group: GroupMetadata) -> list[facts.Fact]:
        """These offsets are committed with the transaction, or not at all (KIP-447)."""
        if self._refuses("send_offsets_to_transaction", State.IN_TRANSACTION):
            return []
        self.transaction.offsets.update(offsets)
        self.transaction.group = group
        # KIP-890: the group's coordinator will add its partition to the transaction.
        self.transaction.started = self.transaction.started or self.transaction.version >= 2
        self.call.done = not self.transaction.offsets
        return []

    def end(self, commit: bool) -> list[facts.Fact]:
        """Commit or abort, once every record has its outcome."""
        name = "commit_transaction" if commit else "abort_transaction"
        wanted = State.COMMITTING if commit else State.ABORTING
        if self._goes_on(name, wanted):
            return []
        allowed = (State.IN_TRANSACTION,) if commit else (State.IN_TRANSACTION, State.ABORTABLE_ERROR)
        if self._refuses(name, *allowed):
            return []
        self._become(wanted)
        if not commit:
            self.transaction.to_add.clear()
            self.transaction.offsets.clear()
        return [facts.TransactionEnding(self.transactional_id, commit)]

    def _goes_on(self, name: str, state: State) -> bool:
        """The same call again, after its time was over: wait for the same outcome."""
        return self.state == state and self.call.name == name and not self.call.done

    def _refuses(self, name: str, *allowed: State) -> bool:
        self.call = Call(name)
        if self.state in allowed:
            return False
        self.call.done = True
        if self.state in (State.ABORTABLE_ERROR, State.FATAL_ERROR):
            self.call.error = self.last_error
        else:
            self.call.refusal = refusal_of(name, self.state, self.is_transactional)
        return True

    # --- batches ---

    def may_produce(self) -> bool:
        """Does a record make sense now? Without transactions, always."""
        return not self.is_transactional or self.state == State.IN_TRANSACTION

    def joins(self, partition: TopicPartition) -> None:
        """A record for this partition has been handed over."""
        transaction = self.transaction
        if not self.is_transactional or partition in transaction.partitions or partition in transaction.to_add:
            return
        if transaction.version >= 2:  # KIP-890: its leader will tell the coordinator
            transaction.partitions.add(partition)
            transaction.started = True
        else:
            transaction.to_add.append(partition)

    def may_send(self, batch: Batch) -> bool:
        """Is it this batch's turn, and does its partition belong to the transaction?"""
        if self.state == State.FATAL_ERROR:
            return False
        if self.is_transactional and batch.partition not in self.transaction.partitions:
            return False
        return self.sequences.may_send(batch)

    def batch_failed(self, batch: Batch, error: ErrorCode, is_certain: bool) -> list[facts.Fact]:
        """The application will be told that a batch failed; `is_certain`: it is not in the log."""
        told = self._failed_by_batch(error)
        if is_certain:
            self.sequences.refused(batch)
        else:
            self.sequences.given_up(batch)
        return told

    def _failed_by_batch(self, error: ErrorCode) -> list[facts.Fact]:
        if error in FATAL_FOR_BATCHES:
            return self._fail(error, fatal=True)
        return self._fail(error, fatal=False) if self.is_transactional else []

    # --- what must happen next ---

    def settle(self, has_open_records: bool) -> list[facts.Fact]:
        """Everything that can be decided without asking anybody."""
        told: list[facts.Fact] = []
        if not self.is_transactional and self.state == State.UNINITIALIZED and has_open_records:
            self._become(State.INITIALIZING)
        for partition in self.sequences.resolve():
            if self.is_transactional:
                told += self._fail(ErrorCode.REQUEST_TIMED_OUT, fatal=False)
            else:
                self.sequences.restart_wanted(partition)
        if self.sequences.may_restart and self.state == State.READY:
            told += self._raise_epoch()
        if self.is_completing and not has_open_records and not self.transaction.started and not self._has_something:
            told += self._completed()
        return told

    def _raise_epoch(self) -> list[facts.Fact]:
        """Without a transactional id a producer raises its epoch by itself (KIP-360)."""
        producer_id, epoch = self.sequences.identity
        if epoch >= MAX_EPOCH:
            self._become(State.UNINITIALIZED)
            self.sequences.identity = NOBODY
            return []
        restarted = self.sequences.begin_again(ProducerIdAndEpoch(producer_id, epoch + 1))
        return [facts.SequencesRestarted(producer_id, epoch + 1, tuple(restarted))]

    @property
    def is_completing(self) -> bool:
        """Has the application asked for the end of its transaction?"""
        return self.state in (State.COMMITTING, State.ABORTING)

    @property
    def drops_new_batches(self) -> bool:
        """Is the transaction lost, so that nothing of it needs to be sent that has not been sent yet?"""
        return self.state in (State.ABORTABLE_ERROR, State.ABORTING)

    @property
    def _has_something(self) -> bool:
        return bool(self.transaction.to_add or self.transaction.offsets)

    def next_request(self, has_open_records: bool) -> Request | None:
        """What to ask next, None if nothing."""
        if self.state == State.INITIALIZING:
            return self._init_producer_id()
        transaction = self.transaction
        if self.state in (State.IN_TRANSACTION, State.COMMITTING):
            if transaction.to_add:
                return self._add_partitions()
            if transaction.offsets:
                return self._commit_offsets()
        if self.is_completing and transaction.started and not has_open_records:
            producer_id, epoch = self.sequences.identity
            commit = self.state == State.COMMITTING
            return EndTxnRequest(self.transactional_id, producer_id, epoch, commit, transaction.version >= 2)
        return None

    def _init_producer_id(self) -> Request:
        producer_id, epoch = self.sequences.identity  # -1, -1 the first time; else: raise mine (KIP-360)
        return InitProducerIdRequest(
            self.transactional_id or None, self.config.transaction_timeout_ms, producer_id, epoch
        )

    def _add_partitions(self) -> Request:
        adding = TransactionToAdd(self.transactional_id, *self.sequences.identity, tuple(self.transaction.to_add))
        return AddPartitionsToTxnRequest((adding,))

    def _commit_offsets(self) -> Request:
        transaction, group = self.transaction, self.transaction.group
        assert group is not None, "offsets come with their group"
        if transaction.version < 2 and not transaction.group_added:
            return AddOffsetsToTxnRequest(self.transactional_id, *self.sequences.identity, group.group_id)
        return TxnOffsetCommitRequest(
            self.transactional_id,
            group.group_id,
            *self.sequences.identity,
            tuple(transaction.offsets.values()),
            group.generation,
            group.member_id,
            group.group_instance_id,
            transaction.version >= 2,
        )

    # --- what the coordinators say ---

    def answered(self, request: Request, response: Response) -> tuple[Verdict, list[facts.Fact]]:
        """Take an answer in: (what to do about the request, facts)."""
        verdict, error = transaction_requests.judge(request, response)
        self._take_parts(response)
        if verdict == Verdict.FATAL:
            return verdict, self._fail(transaction_requests.as_fenced(error), fatal=True)
        if verdict == Verdict.ABORTABLE:
            return verdict, self._fail(error, fatal=self.state == State.ABORTING)
        return verdict, self._granted(request, response) if verdict == Verdict.DONE else []

    def _take_parts(self, response: Response) -> None:
        """Offsets are refused one by one; those that were taken need not be sent again."""
        if isinstance(response, TxnOffsetCommitResponse):
            for partition, error in response.partitions:
                if error == ErrorCode.NONE:
                    self.transaction.offsets.pop(partition, None)

    def _granted(self, request: Request, response: Response) -> list[facts.Fact]:
        match response:
            case InitProducerIdResponse():
                return self._initialized(ProducerIdAndEpoch(response.producer_id, response.producer_epoch))
            case EndTxnResponse():
                if self.transaction.version >= 2:
                    self._adopt(ProducerIdAndEpoch(response.producer_id, response.producer_epoch))
                return self._completed()
            case AddPartitionsToTxnResponse():
                assert isinstance(request, AddPartitionsToTxnRequest)
                added = request.transactions[0].partitions
                self.transaction.partitions.update(added)
                self.transaction.to_add = [one for one in self.transaction.to_add if one not in added]
                self.transaction.started = True
            case TxnOffsetCommitResponse():
                if self.call.name == "send_offsets_to_transaction":
                    self.call.done = True
            case _:
                self.transaction.group_added = self.transaction.started = True
        return []

    def _initialized(self, identity: ProducerIdAndEpoch) -> list[facts.Fact]:
        self._become(State.READY)
        self.call.done = True
        if self.is_transactional:
            self._adopt(identity)
            return []
        restarted = self.sequences.begin_again(identity)
        return [facts.SequencesRestarted(*identity, tuple(restarted))] if restarted else []

    def _adopt(self, identity: ProducerIdAndEpoch) -> None:
        if identity.is_valid:
            self.sequences.identity = identity
            self.sequences.forget()

    def _completed(self) -> list[facts.Fact]:
        committed = self.state == State.COMMITTING
        must_rise = self._epoch_must_rise
        self._epoch_must_rise = False
        self.transaction = Transaction(self.transaction.version)
        self._become(State.INITIALIZING if must_rise else State.READY)
        self.call.done = not must_rise
        self.last_error = ErrorCode.NONE
        return [facts.TransactionEnded(self.transactional_id, committed)]

    # --- errors ---

    def _fail(self, error: ErrorCode, fatal: bool) -> list[facts.Fact]:
        if self.state == State.FATAL_ERROR:
            return []
        if not fatal and self.state not in VALID_PREVIOUS_STATES[State.ABORTABLE_ERROR]:
            return []  # lost, or being aborted, already
        # Protocol 1 keeps the epoch from one transaction to the next; after an error a new one must fence late batches.
        if not fatal and self.transaction.version < 2:
            self._epoch_must_rise = True
        self._become(State.FATAL_ERROR if fatal else State.ABORTABLE_ERROR)
        self.last_error = error
        if not self.call.done:
            self.call.done, self.call.error = True, error
        return [facts.ProducerFailed(self.transactional_id, error, fatal)]

    def lookup_failed(self, error: ErrorCode, fatal: bool) -> list[facts.Fact]:
        """Nobody will ever say who coordinates."""
        return self._fail(error, fatal)

    def _become(self, state: State) -> None:
        assert self.state in VALID_PREVIOUS_STATES[state], f"no way from {self.state.value} to {state.value}"
        self.state = state


def refusal_of(call: str, state: State, is_transactional: bool) -> str:
    """One sentence for a call that makes no sense now."""
    if not is_transactional:
        return f"{call}() needs a transactional.id, which this producer has not."
    if state == State.UNINITIALIZED:
        return f"{call}() comes after init_transactions(), which has not been called."
    if state == State.INITIALIZING:
        return f"{call}() comes after init_transactions() has returned; the coordinator has not answered yet."
    if state == State.READY and call != "init_transactions":
        return f"{call}() comes after begin_transaction(); no transaction is open."
    return f"{call}() is not possible while the producer is {state.value}."
