"""Tensors of which each rank of a job holds a part: which part that is, how it is filled, how it is compared."""
