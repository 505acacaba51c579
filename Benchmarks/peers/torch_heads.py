"""Two fits of one epoch each with PyTorch. Arguments: ROWS.

Either one fit after the other on two threads, or both at the same time with a thread and a process each: whichever is
the faster here, tried once.
"""

import subprocess
import sys
import time

import torch
from heads import BATCH, CLASSES, COLUMNS, HIDDEN, RATE, synthetic
from protocol import serve
from torch import nn


class Fit:
    """A head, its optimiser and its data; the batches are rows of one tensor, drawn by a random permutation."""

    def __init__(self, rows):
        torch.manual_seed(3)
        features, labels = synthetic(rows)
        self.features, self.labels = torch.from_numpy(features), torch.from_numpy(labels)
        self.model = nn.Sequential(nn.Linear(COLUMNS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))
        self.optimizer = torch.optim.Adam(self.model.parameters(), RATE, fused=True)
        self.loss = nn.CrossEntropyLoss()

    def epoch(self):
        total = torch.zeros(())
        for rows in torch.randperm(len(self.labels)).split(BATCH):
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.model(self.features[rows]), self.labels[rows])
            loss.backward()
            self.optimizer.step()
            total += loss.detach() * len(rows)
        return float(total)


class OtherFit:
    """A fit in a process of its own, so that two don't wait for one interpreter."""

    def __init__(self, rows):
        command = [sys.executable, __file__, str(rows), "alone"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wait()

    def start(self):
        self.process.stdin.write("run 1\n")
        self.process.stdin.flush()

    def wait(self):
        if not self.process.stdout.readline():
            sys.exit("the second fit has ended")


def faster(*ways):
    """The way that takes less time, the second time it is gone."""
    seconds = []
    for way in ways:
        way()
        start = time.perf_counter()
        way()
        seconds.append(time.perf_counter() - start)
    return ways[seconds.index(min(seconds))]


def main():
    rows = int(sys.argv[1])
    if sys.argv[2:] == ["alone"]:
        torch.set_num_threads(1)
        serve(Fit(rows).epoch)
        return
    other = OtherFit(rows)
    fit = Fit(rows)

    def one_after_the_other():
        torch.set_num_threads(2)
        fit.epoch()
        fit.epoch()

    def at_the_same_time():
        torch.set_num_threads(1)
        other.start()
        fit.epoch()
        other.wait()

    serve(faster(at_the_same_time, one_after_the_other))


main()
