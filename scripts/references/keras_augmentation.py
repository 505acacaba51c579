#!/usr/bin/env python3
"""Makes Tests/PicturesTests/Resources/augmentation.json: what Keras's ImageDataGenerator makes of two pictures.

Usage: python3 scripts/references/keras_augmentation.py PHOTO    (needs tensorflow-cpu, pillow and scipy)

PHOTO is any photograph; scaled to 28 x 28 pixels it becomes photo.png, the first of the two. The second is rgb.png,
which pillow_pictures.py makes and which isn't square. Samples are stored in 1/256 of a gray level, 16 bits, base64.
"""

import base64
import json
import pathlib
import sys
import warnings

import numpy as np
from keras.src.legacy.preprocessing.image import ImageDataGenerator
from PIL import Image, ImageOps

RESOURCES = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "PicturesTests" / "Resources"

OFF = {"theta": 0, "zx": 1, "zy": 1, "flip_horizontal": False, "flip_vertical": False,
       "channel_shift_intensity": None, "brightness": None}


def parameter_sets():
    """Each change alone, then all of them as drawn by Keras."""
    alone = [{"theta": 33.25}, {"theta": -90.0}, {"zx": 0.8, "zy": 1.2}, {"flip_horizontal": True},
             {"flip_vertical": True}, {"channel_shift_intensity": 43.7}, {"channel_shift_intensity": -50.0},
             {"brightness": 0.5}, {"brightness": 1.43}, {"brightness": 1.0}, {"brightness": 0.0}]
    generator = ImageDataGenerator(rotation_range=40, zoom_range=(0.8, 1.2), brightness_range=(0.5, 1.5),
                                   channel_shift_range=50, horizontal_flip=True, vertical_flip=True)
    drawn = [generator.get_random_transform((28, 28, 3), seed=seed) for seed in range(6)]
    keys = list(OFF)
    return [{**OFF, **change} for change in alone] + [{key: change[key] for key in keys} for change in drawn]


def plain(key, value):
    if key.startswith("flip"):
        return bool(value)
    return None if value is None else float(value)


def main():
    warnings.simplefilter("ignore")
    with Image.open(sys.argv[1]) as photo:
        ImageOps.fit(photo.convert("RGB"), (28, 28), Image.Resampling.BILINEAR).save(RESOURCES / "photo.png")
    generator = ImageDataGenerator(fill_mode="nearest", interpolation_order=1)
    cases = []
    sets = parameter_sets()
    for name, chosen in (("photo.png", sets), ("rgb.png", sets[:1] + sets[-1:])):
        with Image.open(RESOURCES / name) as opened:
            picture = np.asarray(opened.convert("RGB"), dtype=np.float32)
        for parameters in chosen:
            result = generator.apply_transform(picture, dict(parameters))
            samples = np.rint(np.asarray(result, dtype=np.float64) * 256).astype("<u2")
            cases.append({"picture": name, "parameters": {key: plain(key, parameters[key]) for key in OFF},
                          "samples": base64.b64encode(samples.tobytes()).decode()})
    (RESOURCES / "augmentation.json").write_text(json.dumps(cases, indent=0) + "\n")


if __name__ == "__main__":
    main()
