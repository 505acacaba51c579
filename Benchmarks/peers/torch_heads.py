"""One epoch of head training with PyTorch. Arguments: ROWS FITS.

FITS is 1 for one fit on two threads, or 2 for two at the same time, each a process with one thread.
"""

import subprocess
import sys

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
        command = [sys.executable, __file__, str(rows), "one of 2"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.wait()

    def start(self):
        self.process.stdin.write("run 1\n")
        self.process.stdin.flush()

    def wait(self):
        if not self.process.stdout.readline():
            sys.exit("the second fit has ended")


def main():
    rows, fits = int(sys.argv[1]), sys.argv[2]
    if fits == "1":
        torch.set_num_threads(2)
        serve(Fit(rows).epoch)
        return
    torch.set_num_threads(1)
    if fits == "one of 2":
        serve(Fit(rows).epoch)
        return
    other = OtherFit(rows)
    fit = Fit(rows)

    def both():
        other.start()
        fit.epoch()
        other.wait()

    serve(both)


main()
