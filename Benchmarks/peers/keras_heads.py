"""One epoch of head training with Keras's `fit`, on two threads. Arguments: ROWS."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from heads import BATCH, CLASSES, COLUMNS, HIDDEN, RATE, synthetic
from protocol import serve


def main():
    tf.config.threading.set_intra_op_parallelism_threads(2)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    features, labels = synthetic(int(sys.argv[1]))
    model = keras.Sequential([
        keras.Input((COLUMNS,)), keras.layers.Dense(HIDDEN, activation="relu"),
        keras.layers.Dense(CLASSES, activation="softmax"),
    ])
    model.compile(optimizer=keras.optimizers.Adam(RATE), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    serve(lambda: model.fit(features, labels, batch_size=BATCH, epochs=1, verbose=0))


main()
