"""What the controllers' log says: its record types, and the picture of the cluster that replaying it gives."""
