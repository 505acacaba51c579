"""Features of one batch of pictures with onnxruntime. Arguments: FILE.onnx SIDE BATCH."""

import sys

import onnxruntime
from pictures import THREADS, Batch
from protocol import serve


def session(path, side, count):
    """A session with fixed sizes, which is the fastest way to use onnxruntime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    names = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_inputs()[0].shape
    for name, size in zip(names, (count, 3, side, side)):
        if isinstance(name, str):
            options.add_free_dimension_override_by_name(name, size)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    path, side, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    batch = Batch(path, side, count)
    network = session(path, side, count)
    name = network.get_inputs()[0].name
    serve(lambda: network.run(None, {name: batch.convert()}))


main()
