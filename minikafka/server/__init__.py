"""The broker and controller of this course behind TCP, speaking Kafka's wire protocol."""
