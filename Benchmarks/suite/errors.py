"""What ends the benchmarks."""


class BenchmarkError(Exception):
    """What went wrong, as a plain sentence."""
