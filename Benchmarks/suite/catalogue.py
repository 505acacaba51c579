"""All works, with the rows that each gives and the ratio that is asked for."""

from __future__ import annotations

from . import report
from .child import Child, driver, peer
from .inputs import photos
from .ingest import measure_ingest
from .job import measure_job
from .measurement import Cell, Result, Work, compare
from .memory import measure_memory
from .places import Places

HEAD_ROWS = 45_000
PHOTO_SIDE = 224


def measure_mobilenetv2(places: Places) -> Result:
    result = Result()
    bars = {(32, 64): (1.6, 2.6, 1.5), (96, 32): (1.25, 2.0, 1.1), (224, 8): (1.25, 2.0, 1.05)}
    for (side, batch), (f32, short, short_openvino) in bars.items():
        size = f"{side} px, batch {batch}"
        contenders = _networks(places, "mobilenetv2", side, batch, ours=("float32", "bfloat16", "int16"))
        cells = [
            Cell(f"MobileNetV2 f32, {size}", "onnxruntime f32", f32, "float32", "onnxruntime"),
            Cell(f"MobileNetV2 16-bit (int16), {size}", "onnxruntime f32", short, "int16", "onnxruntime"),
            Cell(f"MobileNetV2 16-bit (int16), {size}", "OpenVINO bf16", short_openvino, "int16", "openvino bf16"),
        ]
        notes = [
            Cell(f"MobileNetV2 f32, {size}", "OpenVINO f32", 0, "float32", "openvino f32"),
            Cell(f"MobileNetV2 bf16, {size}", "onnxruntime f32", 0, "bfloat16", "onnxruntime"),
            Cell(f"MobileNetV2 bf16, {size}", "OpenVINO bf16", 0, "bfloat16", "openvino bf16"),
        ]
        _add(result, contenders, cells, notes, budget=25)
    return result


def measure_vgg16(places: Places) -> Result:
    result = Result()
    bars = {(32, 64): (2.8, 1.3), (96, 16): (3.0, 1.4), (224, 4): (2.9, 1.4)}
    for (side, batch), (onnxruntime, openvino) in bars.items():
        work = f"VGG16 f32, {side} px, batch {batch}"
        contenders = _networks(places, "vgg16", side, batch, ours=("float32",))
        cells = [
            Cell(work, "onnxruntime f32", onnxruntime, "float32", "onnxruntime"),
            Cell(work, "OpenVINO bf16", openvino, "float32", "openvino bf16"),
        ]
        notes = [Cell(work, "OpenVINO f32", 0, "float32", "openvino f32")]
        _add(result, contenders, cells, notes, budget=25)
    return result


def _networks(places: Places, backbone: str, side: int, batch: int, ours: tuple[str, ...]) -> dict[str, Child]:
    model = places.backbones / f"{backbone}.onnx"
    contenders = {precision: driver(places, "features", model, side, batch, precision) for precision in ours}
    contenders["onnxruntime"] = peer(places, "onnxruntime_features", model, side, batch)
    for precision in ("bf16", "f32"):
        contenders[f"openvino {precision}"] = peer(places, "openvino_features", model, side, batch, precision)
    return contenders


def _add(
    result: Result, contenders: dict[str, Child], cells: list[Cell], notes: list[Cell], budget: float
) -> None:
    """Rows for `cells`, lines below the table for `notes`."""
    rows = compare(contenders, cells + notes, budget)
    result.comparisons += rows[:len(cells)]
    for row in rows[len(cells):]:
        result.notes.append(f"{row.cell.work}, against {row.cell.peer}: {report.verdict(row)}")


def measure_efficientnet(places: Places) -> Result:
    model = places.backbones / "efficientnet-lite0.onnx"
    contenders = {
        "float32": driver(places, "features", model, 224, 8, "float32"),
        "onnxruntime": peer(places, "onnxruntime_features", model, 224, 8),
    }
    cell = Cell("EfficientNet-Lite0 f32, 224 px, batch 8", "onnxruntime f32", 1.2, "float32", "onnxruntime")
    return Result(compare(contenders, [cell], budget=15))


def measure_heads(places: Places) -> Result:
    contenders = {
        "two fits": driver(places, "heads", HEAD_ROWS, 2, units=2),
        "torch": peer(places, "torch_heads", HEAD_ROWS, 1),
        "two torches": peer(places, "torch_heads", HEAD_ROWS, 2, units=2),
        "one fit": driver(places, "heads", HEAD_ROWS, 1),
        "keras": peer(places, "keras_heads", HEAD_ROWS),
    }
    work = f"head training, {HEAD_ROWS} x 1280 -> 128 -> 10, batch 64, one epoch"
    cells = [
        Cell(f"{work}, all cores busy with trials", "PyTorch, both cores", 3, "two fits", "torch"),
        Cell(f"{work}, one fit", "Keras fit", 3, "one fit", "keras"),
        Cell(f"{work}, all cores busy with trials", "PyTorch, two processes", 0, "two fits", "two torches"),
    ]
    *rows, processes = compare(contenders, cells, budget=60, max_rounds=8)
    note = "Head training against two PyTorch processes with a thread each: " + report.verdict(processes)
    return Result(rows, [note])


def measure_photos(places: Places) -> Result:
    files, origin = photos(places)
    result = Result(notes=[f"Photos: {len(files)} of 4000 x 3000 pixels, quality 88, 4:2:0, {origin}."])
    # Both sides decode to no less than twice the side, as extraction does; or, at 1, to no less than the side.
    for margin in (2, 1):
        contenders = {
            "ours": driver(places, "photos", PHOTO_SIDE, margin, *files),
            "pillow": peer(places, "pillow_photos", PHOTO_SIDE, margin, *files),
        }
        cell = Cell(
            "decode + orient + resize to 224 of 12-megapixel photos", "Pillow with draft()", 1.3, "ours", "pillow")
        rows = compare(contenders, [cell], budget=20)
        if margin == 2:
            result.comparisons += rows
        elif not rows[0].reason:
            result.notes.append(
                f"Photos with the margin of two left out on both sides: {rows[0].ratio_best:.2f} (best), "
                f"{rows[0].ratio_median:.2f} (median).")
    return result


WORKS = {
    "mobilenetv2": Work("features with MobileNetV2, in f32 and in 16 bits", measure_mobilenetv2),
    "vgg16": Work("features with VGG16", measure_vgg16),
    "efficientnet": Work("features with EfficientNet-Lite0", measure_efficientnet),
    "heads": Work("epochs of head training", measure_heads),
    "ingest": Work("50,000 small JPEGs, from the inbox to accepted", measure_ingest),
    "photos": Work("12-megapixel photos, made ready for a backbone", measure_photos),
    "job": Work("the whole job, from drop to promoted", measure_job),
    "memory": Work("memory, and what a second drop costs", measure_memory),
}
