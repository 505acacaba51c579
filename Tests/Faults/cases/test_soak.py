"""What the soak calls growth."""

from __future__ import annotations

import random
import unittest

from soak.vitals import Sample, growth, second_half

MEBIBYTE = 2**20


def samples(leak_an_hour: float) -> list[Sample]:
    """Two hours that begin with a rise, with noise and the leak all along."""
    noise = random.Random(1)
    return [
        Sample(
            second, round((60 - 20 * 0.999**second + leak_an_hour * second / 3600 + noise.gauss(0, 2)) * MEBIBYTE),
            30 + noise.randrange(3), 20)
        for second in range(0, 7200, 2)]


class GrowthTests(unittest.TestCase):
    def test_a_rise_at_the_beginning_is_no_growth(self) -> None:
        half = second_half(samples(leak_an_hour=0))
        self.assertLess(abs(growth(half, "memory")), MEBIBYTE)
        self.assertLess(abs(growth(half, "descriptors")), 0.5)

    def test_a_leak_is_growth(self) -> None:
        self.assertAlmostEqual(growth(second_half(samples(leak_an_hour=10)), "memory") / MEBIBYTE, 10, delta=1)
