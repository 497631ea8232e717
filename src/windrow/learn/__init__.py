"""Numbers only: losses, kernels over leaves, the reduction tree, solvers and metrics.

Nothing here knows a table, a file, a socket, a clock or a thread.
"""
