"""Photos read, decoded with `draft`, turned upright and resized, with Pillow on two threads.

Arguments: SIDE FILE…: `draft` is asked for the side, as Cultivar's own decoder is.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, ImageOps
from protocol import serve


def main():
    side, files = int(sys.argv[1]), sys.argv[2:]

    def load(path):
        with Image.open(path) as picture:
            picture.draft("RGB", (side, side))
            upright = ImageOps.exif_transpose(picture)
            return upright.convert("RGB").resize((side, side), Image.Resampling.BILINEAR).tobytes()

    with ThreadPoolExecutor(2) as threads:
        serve(lambda: list(threads.map(load, files)))


main()
