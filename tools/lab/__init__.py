"""The same lab on three backends: scripts that do not know whether a simulation or Apache Kafka answers them.

scripts_*.py     plain functions `play(lab) -> answers`; the client calls are confluent-kafka's
base.py          what a lab offers; everything that one set of names can say for all three
simulated.py     minikafka's clients on a `Cluster`, in virtual time
served.py        confluent-kafka beside `minikafka serve`, in this process
oracle.py        confluent-kafka beside Apache Kafka
compare.py       answers of three backends, side by side
"""
