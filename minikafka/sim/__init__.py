"""The simulation: one world in which time, network and disks do what the seed says, and nothing else."""
