"""Clusters: hosts come and go here and nowhere else."""
