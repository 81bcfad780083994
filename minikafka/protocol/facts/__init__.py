"""What happened: the small true statements from which traces, checkers and pictures are made.

A fact is stated where the change is made and nowhere else. Domain objects return facts, nodes wrap them in `Observe`,
the simulation files them under the step in which they happened, together with the node that stated them. Replaying
all facts from the start rebuilds everything that the stage shows (`trace/fold.py` does so). The English sentence
of each fact is in `trace/story/`, in the file of the same name.

One family, one file; all of them are read as `facts.NAME`.
"""

from __future__ import annotations

from typing import TypeAlias

from minikafka.protocol.facts.clients import *
from minikafka.protocol.facts.clients import ClientFact
from minikafka.protocol.facts.control import *
from minikafka.protocol.facts.control import ControlFact
from minikafka.protocol.facts.groups import *
from minikafka.protocol.facts.groups import GroupFact
from minikafka.protocol.facts.logs import *
from minikafka.protocol.facts.logs import LogFact
from minikafka.protocol.facts.quorum import *
from minikafka.protocol.facts.quorum import QuorumFact
from minikafka.protocol.facts.replication import *
from minikafka.protocol.facts.replication import ReplicationFact
from minikafka.protocol.facts.transactions import *
from minikafka.protocol.facts.transactions import TransactionFact
from minikafka.protocol.facts.world import *
from minikafka.protocol.facts.world import WorldFact

Fact: TypeAlias = (
    ReplicationFact | LogFact | ControlFact | QuorumFact | GroupFact | TransactionFact | ClientFact | WorldFact
)
