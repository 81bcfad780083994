"""The simulation: one world in which time, network and disks do what the seed says, and nothing else.

How true is it?

* conforms: A connection keeps order, and a broker works on one of its requests at a time | tests/server/test_tcp.py;
  `sim/network.py`, `server/tcp.py`
* simplified: A node takes no time to answer | latency lies in the network alone
* not modelled: Clocks of different machines differ | one virtual clock
"""
