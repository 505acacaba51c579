"""Features of one batch of pictures with OpenVINO. Arguments: FILE.onnx SIDE BATCH bf16|f32."""

import sys

import openvino
from pictures import THREADS, Batch
from protocol import serve


def main():
    path, side, count, precision = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    batch = Batch(path, side, count)
    core = openvino.Core()
    model = core.read_model(path)
    model.reshape([count, 3, side, side])
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": THREADS, "NUM_STREAMS": 1}
    compiled = core.compile_model(model, "CPU", settings)
    used = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    if {"bf16": "bfloat16", "f32": "float"}[precision] not in (used, {"bf16": "bfloat16", "f32": "float"}.get(used)):
        sys.exit(f"OpenVINO computes in {used} on this machine, not in {precision}")
    request = compiled.create_infer_request()
    tensor = openvino.Tensor(batch.planes, shared_memory=True)
    request.set_input_tensor(tensor)

    def run():
        batch.convert()
        request.infer()

    serve(run)


main()
