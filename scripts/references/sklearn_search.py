#!/usr/bin/env python3
"""Reference values of fold allocation and metrics, made by scikit-learn and scipy.

Usage: python scripts/references/sklearn_search.py
(needs scikit-learn and scipy; writes Tests/LearningTests/Resources/sklearn_search.json)
"""

import json
import pathlib
import warnings

import numpy as np
import sklearn
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import StratifiedKFold

TARGET = pathlib.Path(__file__).resolve().parents[2] / "Tests/LearningTests/Resources/sklearn_search.json"


def label_vectors():
    random = np.random.default_rng(11)
    yield "sorted", np.repeat([0, 1, 2], [10, 7, 5])
    yield "a class before another", np.repeat([2, 0, 1], [4, 9, 6])
    yield "alternating", np.tile([0, 1], 12)
    yield "a rare class", np.array([0] * 9 + [1] * 2 + [2] * 8)
    yield "random", random.integers(0, 5, 60)
    yield "lopsided", random.choice(4, 70, p=[0.6, 0.25, 0.1, 0.05])
    yield "missing numbers", random.choice([1, 4, 7], 31)


def folds():
    for name, labels in label_vectors():
        for count in [2, 3, 5]:
            test_fold = np.empty(len(labels), int)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a class may have fewer members than there are folds
                for fold, (_, test) in enumerate(StratifiedKFold(count).split(np.zeros(len(labels)), labels)):
                    test_fold[test] = fold
            yield {"name": name, "labels": labels.tolist(), "folds": count, "test_fold": test_fold.tolist()}


def metrics():
    random = np.random.default_rng(5)
    for classes, count in [(2, 30), (3, 50), (6, 40)]:
        truth = random.integers(0, classes, count)
        wrong = random.integers(0, classes, count)
        predictions = np.where(random.random(count) < 0.7, truth, wrong)
        if classes == 6:  # a class that is never predicted, and one that never occurs
            predictions[predictions == 2] = 3
            truth[truth == 4] = 5
        precision, recall, f1, support = precision_recall_fscore_support(
            truth, predictions, labels=range(classes), zero_division=0)
        yield {
            "classes": classes, "truth": truth.tolist(), "predictions": predictions.tolist(),
            "matrix": confusion_matrix(truth, predictions, labels=range(classes)).ravel().tolist(),
            "accuracy": float((truth == predictions).mean()), "precision": precision.tolist(),
            "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        }


def wilson():
    for successes, trials in [(0, 1), (1, 1), (0, 20), (20, 20), (442, 532), (7, 10), (7710, 10000), (1, 1000)]:
        interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
        yield {"successes": successes, "trials": trials, "lower": interval.low, "upper": interval.high}


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    values = {
        "scikit_learn": sklearn.__version__, "folds": list(folds()), "metrics": list(metrics()),
        "wilson": list(wilson()),
    }
    TARGET.write_text(json.dumps(values, separators=(",", ":")) + "\n")
