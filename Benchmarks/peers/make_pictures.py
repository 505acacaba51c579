"""Makes the pictures for the benchmarks, from a seed.

Arguments: `small FOLDER` for 32 x 32 JPEGs in train/ and test/, or `photos FOLDER [PHOTOS]` for JPEGs of 4000 x 3000.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES, TRAIN, TEST = 10, 5000, 1000
PHOTOS, WIDTH, HEIGHT, QUALITY = 12, 4000, 3000, 88
ORIENTATION = 0x0112


def small(folder):
    """Blurred noise over a colour for each class: about 900 bytes a file."""
    random = np.random.default_rng(5)
    for split, count in (("train", TRAIN), ("test", TEST)):
        for label in range(CLASSES):
            target = folder / split / f"class{label}"
            target.mkdir(parents=True)
            colour = random.integers(40, 215, 3)
            for index in range(count):
                coarse = random.normal(0, 40, (8, 8, 3)) + colour
                picture = Image.fromarray(np.clip(coarse, 0, 255).astype(np.uint8))
                picture.resize((32, 32), Image.Resampling.BICUBIC).save(target / f"{index:05}.jpg", quality=90)


def mosaic(files, random):
    """Photos, enlarged twofold, side by side: as sharp as a phone's."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT))
    y = 0
    while y < HEIGHT:
        x = row = 0
        while x < WIDTH:
            with Image.open(files[random.integers(len(files))]) as photo:
                tile = photo.convert("RGB").resize((2 * photo.width, 2 * photo.height), Image.Resampling.BICUBIC)
            canvas.paste(tile, (x, y))
            x += tile.width
            row = tile.height if row == 0 else min(row, tile.height)
        y += row
    return canvas


def scene(random):
    """Soft shapes over a gradient."""
    layers = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for cells, strength in ((6, 70), (40, 40), (250, 20)):
        coarse = random.normal(0, strength, (cells * 3 // 4, cells, 3))
        for channel in range(3):
            plane = Image.fromarray(coarse[:, :, channel].astype(np.float32))
            layers[:, :, channel] += np.asarray(plane.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return Image.fromarray(np.clip(layers + 120, 0, 255).astype(np.uint8))


def photos(folder, source):
    """Half of them lie on their side, and their EXIF data say so."""
    random = np.random.default_rng(7)
    files = sorted(source.rglob("*.jpg")) if source else []
    for index in range(PHOTOS):
        picture = mosaic(files, random) if files else scene(random)
        exif = Image.Exif()
        exif[ORIENTATION] = 6 if index % 2 else 1
        picture.save(folder / f"{index:02}.jpg", quality=QUALITY, subsampling="4:2:0", exif=exif)


def main():
    kind, folder = sys.argv[1], Path(sys.argv[2])
    if kind == "small":
        small(folder)
    else:
        photos(folder, Path(sys.argv[3]) if len(sys.argv) > 3 else None)


main()
