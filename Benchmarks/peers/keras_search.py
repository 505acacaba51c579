"""The search as scikeras-style code does it: each fit runs the frozen backbone in every epoch. Arguments: PLAN.json

PLAN.json says how many pictures there are, and for each fit its backbone, batch size, epochs and share of the pictures.
One fit of each backbone and batch size is timed, for four epochs, together with building and compiling the model and
with scoring its fold; all fits' times are made of these: the first epoch, the mean of the others for the rest, building
and scoring. Weights are random, which doesn't change the time.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

SIDE, CLASSES, EPOCHS = 32, 10, 4
VALIDATION = 0.1


def build(backbone):
    application = {"mobilenetv2": keras.applications.MobileNetV2, "vgg16": keras.applications.VGG16}[backbone]
    network = application(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3), pooling="avg")
    network.trainable = False
    inputs = keras.Input((SIDE, SIDE, 3))
    features = network(keras.layers.Rescaling(1 / 127.5, -1)(inputs), training=False)
    hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(128, activation="relu")(features))
    model = keras.Model(inputs, keras.layers.Dense(CLASSES, activation="softmax")(hidden))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Times(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.last, self.seconds = time.perf_counter(), []

    def on_epoch_end(self, epoch, logs=None):
        now = time.perf_counter()
        self.seconds.append(now - self.last)
        self.last = now


def timed_fit(backbone, batch_size, pictures, labels, scored):
    """Seconds of everything but the epochs, of the first epoch, and of each further one."""
    keras.backend.clear_session()
    start = time.perf_counter()
    model = build(backbone)
    times = Times()
    model.fit(
        pictures, labels, batch_size=batch_size, epochs=EPOCHS, validation_split=VALIDATION, verbose=0,
        callbacks=[times, keras.callbacks.EarlyStopping(patience=EPOCHS + 1)])
    model.predict(pictures[:scored], batch_size=batch_size, verbose=0)
    rest = time.perf_counter() - start - sum(times.seconds)
    return rest, times.seconds[0], float(np.mean(times.seconds[1:]))


def main():
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    with open(sys.argv[1]) as file:
        plan = json.load(file)
    random = np.random.default_rng(6)
    count = plan["pictures"]
    pictures = random.integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.float32)
    labels = np.arange(count) % CLASSES

    def search():
        """What the whole search would take; an epoch's time is in proportion to the pictures."""
        share = min(fit["share"] for fit in plan["fits"])
        known, total = {}, 0.0
        for fit in plan["fits"]:
            key = (fit["backbone"], fit["batch_size"])
            if key not in known:
                part = slice(0, round(count * share))
                known[key] = timed_fit(*key, pictures[part], labels[part], round(count * (1 - share)))
            rest, first, further = known[key]
            total += rest + first + further * (fit["epochs"] - 1) * fit["share"] / share
        return total

    print("ready", flush=True)
    for _ in sys.stdin:
        print(search(), flush=True)


main()
