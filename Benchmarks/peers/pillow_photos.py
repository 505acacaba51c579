"""Photos read, decoded with `draft`, turned upright and resized, with Pillow on two threads.

Arguments: SIDE MARGIN FILE…: `draft` is asked for MARGIN times the side, as Cultivar's own decoder is.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, ImageOps
from protocol import serve


def main():
    side, margin, files = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]

    def load(path):
        with Image.open(path) as picture:
            picture.draft("RGB", (side * margin, side * margin))
            upright = ImageOps.exif_transpose(picture)
            return upright.convert("RGB").resize((side, side), Image.Resampling.BILINEAR).tobytes()

    with ThreadPoolExecutor(2) as threads:
        serve(lambda: list(threads.map(load, files)))


main()
