"""The input of the backbones' peers: bytes of pictures, turned into what an ONNX backbone takes."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx

THREADS = 2


class Batch:
    """Pictures of noise as bytes (N, H, W, 3), and room for them as normalised float32 (N, 3, H, W)."""

    def __init__(self, model_path, side, count):
        model = onnx.load(model_path, load_external_data=False)
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        deviation = np.array([float(value) for value in metadata["std"].split(",")])
        mean = np.array([float(value) for value in metadata["mean"].split(",")])
        self.scale = (float(metadata["pixel_scale"]) / deviation).astype(np.float32)
        self.shift = (-mean / deviation).astype(np.float32)
        self.bytes = np.random.default_rng(1).integers(0, 256, (count, side, side, 3), np.uint8)
        self.planes = np.empty((count, 3, side, side), np.float32)
        self.threads = ThreadPoolExecutor(THREADS)
        step = -(-count // THREADS)
        self.shares = [slice(start, start + step) for start in range(0, count, step)]

    def convert(self):
        """Normalises and reorders all pictures, on two threads; numpy's loops run outside Python's lock."""
        list(self.threads.map(self._convert, self.shares))
        return self.planes

    def _convert(self, share):
        for channel in range(3):
            target = self.planes[share, channel]
            np.multiply(self.bytes[share, :, :, channel], self.scale[channel], out=target)
            target += self.shift[channel]
