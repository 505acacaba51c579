#!/usr/bin/env python3
"""Makes the small pictures of Tests/DecodingTests/Resources and Tests/PicturesTests/Resources, and what Pillow gives.

Usage: python3 scripts/references/pillow_pictures.py    (needs pillow and numpy)

decoding.json: for each file of the former its upright size, its orientation and the bytes of
ImageOps.exif_transpose(image).convert("RGB"), base64. resizing.json: source.png at several sizes with BILINEAR.
"""

import base64
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

TESTS = pathlib.Path(__file__).resolve().parents[2] / "Tests"
RESOURCES = TESTS / "DecodingTests" / "Resources"
PICTURES = TESTS / "PicturesTests" / "Resources"
"""For what is done to pictures that are decoded."""
WIDTH, HEIGHT = 29, 19


def scene(width, height):
    """Smooth colours, a hard edge and a little noise; no symmetry, so that every orientation differs."""
    y, x = np.mgrid[0:height, 0:width]
    picture = np.stack([x * 255 // width, y * 255 // height, (x * y * 3) % 256], axis=-1).astype(np.int64)
    picture[height // 3:, : width // 4] = (230, 40, 60)
    picture += np.random.default_rng(7).integers(-6, 7, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def png_chunk(name, data):
    body = name + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def write_png(path, samples, depth, colour_type, interlaced=False, before_data=b""):
    """Writes what Pillow can't: 16-bit colour and Adam7. `samples`: height x width x channels of `depth` bits."""
    height, width = samples.shape[:2]

    def packed(rows):
        lines = b""
        for row in rows:
            flat = row.reshape(-1)
            if depth == 16:
                line = flat.astype(">u2").tobytes()
            else:
                bits = ((flat[:, None].astype(np.uint8) >> np.arange(depth - 1, -1, -1)) & 1).reshape(-1)
                line = np.packbits(bits).tobytes()
            lines += b"\0" + line
        return lines

    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
        parts = [samples[top::down, left::right] for top, left, down, right in passes]
        data = b"".join(packed(part) for part in parts if part.size)
    else:
        data = packed(samples)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + before_data
        + png_chunk(b"IDAT", zlib.compress(data, 9)) + png_chunk(b"IEND", b""))


def exif(orientation, order="<"):
    """A TIFF structure with two tags, the orientation second."""
    entries = struct.pack(order + "HHII", 0x010F, 2, 4, 0x00616263)
    entries += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IH", 8, 2) + entries + struct.pack(order + "I", 0)


def write_jpegs(picture):
    options = {"quality": 90}
    picture.save(RESOURCES / "baseline-420.jpg", subsampling="4:2:0", **options)
    picture.save(RESOURCES / "baseline-422.jpg", subsampling="4:2:2", **options)
    picture.save(RESOURCES / "baseline-444.jpg", subsampling="4:4:4", **options)
    picture.save(RESOURCES / "progressive.jpg", progressive=True, **options)
    picture.save(RESOURCES / "restarts.jpg", restart_marker_blocks=1, **options)
    picture.save(RESOURCES / "rgb.jpg", keep_rgb=True, **options)
    picture.convert("L").save(RESOURCES / "gray.jpg", **options)
    picture.convert("CMYK").save(RESOURCES / "cmyk.jpg", **options)
    # The same samples declared as YCCK, by the colour transform at the end of the Adobe segment.
    cmyk = bytearray((RESOURCES / "cmyk.jpg").read_bytes())
    cmyk[cmyk.index(b"Adobe") + 11] = 2
    (RESOURCES / "ycck.jpg").write_bytes(cmyk)
    # Stored turned, so that all of them are the same upright.
    stored = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }
    for orientation, method in stored.items():
        turned = picture if method is None else picture.transpose(method)
        order = "<" if orientation % 2 else ">"
        turned.save(RESOURCES / f"orientation-{orientation}.jpg", subsampling="4:4:4", quality=95,
                    exif=b"Exif\0\0" + exif(orientation, order))
    picture.save(RESOURCES / "orientation-9.jpg", exif=b"Exif\0\0" + exif(9), **options)


def write_pngs(picture):
    rgb = np.asarray(picture)
    gray = np.asarray(picture.convert("L"))
    alpha = (np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH, 1) % 256).astype(np.uint8)
    for depth in (1, 2, 4, 8):
        write_png(RESOURCES / f"gray-{depth}.png", gray[..., None] >> (8 - depth), depth, 0)
    picture.save(RESOURCES / "rgb.png")
    write_png(RESOURCES / "rgb-interlaced.png", rgb, 8, 2, interlaced=True)
    write_png(RESOURCES / "gray-2-interlaced.png", gray[..., None] >> 6, 2, 0, interlaced=True)
    write_png(RESOURCES / "rgb-transparent-colour.png", rgb, 8, 2,
              before_data=png_chunk(b"tRNS", struct.pack(">HHH", *map(int, rgb[0, 0]))))
    write_png(RESOURCES / "rgba.png", np.concatenate([rgb, alpha], axis=-1), 8, 6)
    write_png(RESOURCES / "gray-alpha.png", np.concatenate([gray[..., None], alpha], axis=-1), 8, 4)
    wide = rgb.astype(np.int64) * 256 + 255 - rgb
    write_png(RESOURCES / "rgb-16.png", wide, 16, 2)
    write_png(RESOURCES / "rgba-16.png", np.concatenate([wide, alpha.astype(np.int64) * 257], axis=-1), 16, 6)
    for depth in (1, 4, 8):
        count = 1 << depth
        palette = bytes((index * 37 + channel * 91) % 256 for index in range(count) for channel in range(3))
        chunks = png_chunk(b"PLTE", palette)
        if depth == 8:
            chunks += png_chunk(b"tRNS", bytes(range(0, 250, 5)))
        write_png(RESOURCES / f"palette-{depth}.png", gray[..., None] >> (8 - depth), depth, 3, before_data=chunks)
    write_png(RESOURCES / "orientation-6.png", rgb, 8, 2, before_data=png_chunk(b"eXIf", exif(6, ">")))


def encoded(picture):
    return base64.b64encode(picture.tobytes()).decode()


def expected_decoding(path):
    with Image.open(path) as opened:
        orientation = opened.getexif().get(0x0112, 1)
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    return {"file": path.name, "width": upright.width, "height": upright.height,
            "orientation": orientation if 1 <= orientation <= 8 else 1, "rgb": encoded(upright)}


def main():
    RESOURCES.mkdir(parents=True, exist_ok=True)
    picture = scene(WIDTH, HEIGHT)
    write_jpegs(picture)
    write_pngs(picture)
    paths = sorted([*RESOURCES.glob("*.jpg"), *RESOURCES.glob("*.png")])
    cases = [expected_decoding(path) for path in paths]
    (RESOURCES / "decoding.json").write_text(json.dumps(cases, indent=0) + "\n")

    source = scene(67, 45)
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture.save(PICTURES / "rgb.png")
    source.save(PICTURES / "source.png")
    sizes = [(40, 33), (7, 5), (1, 1), (90, 20), (60, 10), (67, 60), (20, 45), (67, 45), (101, 59)]
    resized = [{"width": width, "height": height,
                "rgb": encoded(source.resize((width, height), Image.Resampling.BILINEAR))} for width, height in sizes]
    (PICTURES / "resizing.json").write_text(json.dumps(resized, indent=0) + "\n")


if __name__ == "__main__":
    main()
