"""Many stays at once: a program as arrays, and kernels that numba compiles. Exact integers throughout."""
