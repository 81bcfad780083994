"""The simulation: one world in which time, network and disks do what the seed says, and nothing else.

How true is it?

* conforms: A connection keeps order, and a broker works on one of its requests at a time | tests/server/test_tcp.py;
  `sim/network.py`, `server/tcp.py`
* conforms: A power loss takes what is in the page cache; a write is torn, a bit flips, a flush lies, a disk is slow or
  full: recovery keeps a prefix of whole batches | tests/engine/test_disk_faults.py
* simplified: A node takes no time to answer | latency lies in the network alone
* not modelled: Clocks of different machines differ | one virtual clock
"""
