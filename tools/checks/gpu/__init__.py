"""What `tools/gpu-check` runs on a machine with a GPU: bits, instructions and rates of the kernels for CUDA."""
