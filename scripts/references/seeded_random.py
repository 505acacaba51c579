#!/usr/bin/env python3
"""Prints reference values of xoshiro256** seeded by SplitMix64, computed from the published algorithms.

Usage: python scripts/references/seeded_random.py
(the values are in Tests/NumericsTests/SeededRandomTests.swift)
"""

MASK = (1 << 64) - 1


def split_mix(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        yield mixed ^ (mixed >> 31)


def rotate(value, count):
    return ((value << count) | (value >> (64 - count))) & MASK


def xoshiro(seed):
    mixer = split_mix(seed)
    s = [next(mixer) for _ in range(4)]
    while True:
        yield rotate((s[1] * 5) & MASK, 7) * 9 & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = rotate(s[3], 45)


if __name__ == "__main__":
    # SplitMix64's widely published first value for this seed.
    assert next(split_mix(1234567)) == 6457827717110365317
    for seed in (0, 42, MASK):
        generator = xoshiro(seed)
        print(hex(seed), [hex(next(generator)) for _ in range(5)])
