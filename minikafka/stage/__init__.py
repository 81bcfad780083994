"""The player: draws recorded runs, in pages, notebooks, files and text. Reads traces and nothing else."""
