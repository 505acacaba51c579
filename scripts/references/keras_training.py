#!/usr/bin/env python3
"""Reference values of head training, made by Keras itself.

Usage: KERAS_BACKEND=tensorflow python scripts/references/keras_training.py
(needs tensorflow-cpu; writes Tests/LearningTests/Resources/keras_training.json and keras_callbacks.json)
"""

import itertools
import json
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

RESOURCES = pathlib.Path(__file__).resolve().parents[2] / "Tests/LearningTests/Resources"
FEATURES, HIDDEN, CLASSES, ROWS, BATCH, STEPS = 8, 6, 3, 40, 16, 50
RATES = {"sgd": 0.05, "adam": 0.01, "rmsprop": 0.005}
SGD_MOMENTUM = 0.9


def flat(array):
    return [float(f"{value:.9g}") for value in np.asarray(array, np.float32).ravel().tolist()]


def optimizer(name):
    if name == "sgd":
        return keras.optimizers.SGD(RATES[name], momentum=SGD_MOMENTUM)
    return {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}[name](RATES[name])


def case(rows, labels, batches, initial, name, activation, normalize):
    layers = [keras.Input((FEATURES,))]
    if normalize:
        layers.append(keras.layers.BatchNormalization(name="normalization"))
    layers.append(keras.layers.Dense(HIDDEN, activation=activation, name="hidden"))
    layers.append(keras.layers.Dense(CLASSES, activation="softmax", name="output"))
    model = keras.Sequential(layers)
    model.compile(optimizer=optimizer(name), loss="categorical_crossentropy")
    model.get_layer("hidden").set_weights([initial["hidden_kernel"], initial["hidden_bias"]])
    model.get_layer("output").set_weights([initial["output_kernel"], initial["output_bias"]])
    if normalize:
        model.get_layer("normalization").set_weights(
            [initial["gamma"], initial["beta"], np.zeros(FEATURES), np.ones(FEATURES)])
    targets = np.eye(CLASSES, dtype=np.float32)[labels]
    losses = []
    for batch in batches:
        model.reset_metrics()
        losses.append(model.train_on_batch(rows[batch], targets[batch]))
    final = {}
    for layer, names in [("hidden", ["hidden_kernel", "hidden_bias"]), ("output", ["output_kernel", "output_bias"])]:
        final.update(zip(names, map(flat, model.get_layer(layer).get_weights())))
    if normalize:
        values = model.get_layer("normalization").get_weights()
        final.update(zip(["gamma", "beta", "mean", "variance"], map(flat, values)))
    return {
        "optimizer": name, "activation": activation, "batch_normalization": normalize, "learning_rate": RATES[name],
        "momentum": SGD_MOMENTUM, "losses": flat(losses), "final": final,
        "probabilities": flat(model.predict(rows, verbose=0)),
    }


def training():
    random = np.random.default_rng(7)
    labels = random.integers(0, CLASSES, ROWS)
    centers = random.normal(0, 1, (CLASSES, FEATURES))
    rows = (centers[labels] + random.normal(0, 1, (ROWS, FEATURES))).astype(np.float32)
    # Features of very different sizes, as a normalization is meant for; the last batch of an epoch is short.
    rows *= np.linspace(0.5, 2, FEATURES, dtype=np.float32)
    batches = []
    while len(batches) < STEPS:
        order = random.permutation(ROWS)
        batches += [order[start:start + BATCH].tolist() for start in range(0, ROWS, BATCH)]
    batches = batches[:STEPS]
    initial = {
        "gamma": random.uniform(0.5, 1.5, FEATURES).astype(np.float32),
        "beta": random.uniform(-0.5, 0.5, FEATURES).astype(np.float32),
        "hidden_kernel": random.normal(0, 0.4, (FEATURES, HIDDEN)).astype(np.float32),
        "hidden_bias": random.normal(0, 0.1, HIDDEN).astype(np.float32),
        "output_kernel": random.normal(0, 0.4, (HIDDEN, CLASSES)).astype(np.float32),
        "output_bias": random.normal(0, 0.1, CLASSES).astype(np.float32),
    }
    cases = [
        case(rows, labels, batches, initial, *choice)
        for choice in itertools.product(RATES, ["relu", "tanh", "sigmoid"], [False, True])
    ]
    return {
        "keras": keras.__version__, "features": FEATURES, "hidden": HIDDEN, "classes": CLASSES, "batch_size": BATCH,
        "rows": flat(rows), "labels": labels.tolist(), "batches": batches,
        "initial": {name: flat(value) for name, value in initial.items()}, "cases": cases,
    }


def loss_sequences():
    random = np.random.default_rng(3)
    falling = [1 / (epoch + 1) for epoch in range(30)]
    return {
        "falling": falling,
        "flat": [0.5] * 40,
        "falls then rises": [1 - 0.1 * epoch for epoch in range(6)] + [0.55 + 0.01 * epoch for epoch in range(24)],
        "small steps": [1 - 0.00004 * epoch for epoch in range(30)],
        "steps about the least improvement": [1 - 0.0001 * epoch for epoch in range(30)],
        "below single precision": [1 - 1e-9 * epoch for epoch in range(30)],
        "noise": random.normal(0.5, 0.1, 60).tolist(),
        "late improvement": [0.5] * 9 + [0.4] + [0.45] * 9 + [0.39] + [0.5] * 15,
    }


def watch(callback, losses, rate):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(losses):
        rates.append(float(model.optimizer.learning_rate.numpy()))
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    return rates


def callbacks():
    cases = []
    for name, losses in loss_sequences().items():
        for patience in [1, 3, 10]:
            stopping = keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=patience, restore_best_weights=True)
            epochs = len(watch(stopping, losses, 1e-3))
            plateau = keras.callbacks.ReduceLROnPlateau(
                monitor="val_loss", factor=0.2, patience=patience, min_lr=1e-6)
            cases.append({
                "name": name, "patience": patience, "losses": losses, "epochs": epochs,
                "best_epoch": stopping.best_epoch + 1, "learning_rates": watch(plateau, losses, 1e-3),
            })
    return {"keras": keras.__version__, "cases": cases}


def write(name, value):
    RESOURCES.mkdir(parents=True, exist_ok=True)
    (RESOURCES / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    write("keras_training.json", training())
    write("keras_callbacks.json", callbacks())
