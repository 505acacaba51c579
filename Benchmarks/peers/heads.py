"""The features that the peers train heads on: like those after a rectifier, of 10 classes that can be told apart."""

import numpy as np

COLUMNS, HIDDEN, CLASSES, BATCH, RATE = 1280, 128, 10, 64, 1e-3


def synthetic(rows):
    """Features (rows, 1280) as float32 and classes (rows,) as int64."""
    random = np.random.default_rng(2)
    labels = np.arange(rows) % CLASSES
    centres = random.uniform(-0.5, 0.5, (CLASSES, COLUMNS)).astype(np.float32)
    features = random.random((rows, COLUMNS), np.float32)
    features *= 2
    features -= 1
    features += centres[labels]
    np.maximum(features, 0, out=features)
    return features, labels
