"""What every peer says and hears: it prints `ready`, then for each line `run N` the seconds of N repetitions."""

import sys
import time


def serve(run):
    """Answers until the input ends. `run` does one repetition."""
    print("ready", flush=True)
    for line in sys.stdin:
        word, times = line.split()
        if word != "run":
            raise ValueError(f"expected 'run N', found {line!r}")
        start = time.perf_counter()
        for _ in range(int(times)):
            run()
        print(time.perf_counter() - start, flush=True)
