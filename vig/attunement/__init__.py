"""From what was seen and heard to moments worth looking at. Numpy and nothing else."""
