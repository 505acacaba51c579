"""The whole job, from a drop to a promoted model, against the same search with Keras."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from .child import Child, peer
from .errors import BenchmarkError
from .inputs import make_drop, small_jpegs
from .installation import Installation
from .measurement import Cell, Comparison, Result
from .places import Places

TRAIN_PER_CLASS, TEST_PER_CLASS = 80, 20
ROUNDS = 3
JOB_SECONDS = 600
SETTINGS = """\
train:
  every: 365d
  on_drop: true
augment:
  copies: 0
search:
  candidates: 6
  folds: 3
  space:
    backbone: [mobilenetv2@32, vgg16@32]
backup:
  interval: 0s
"""


def measure_job(places: Places) -> Result:
    """Ours is run in full, Keras's in part: one fold a backbone, a few epochs; the rest is multiplied."""
    pictures, origin = small_jpegs(places)
    cell = Cell(
        "whole job: 1,000 pictures, 6 candidates x 3 folds, MobileNetV2 and VGG16 at 32 px, from drop to promoted",
        "Keras, frozen backbone in every epoch", 60, "ours", "keras")
    row = Comparison(cell)
    keras: Child | None = None
    fits: list[dict] = []
    folder = places.scratch / "job"
    try:
        for _ in range(ROUNDS):
            seconds, plan = _run_job(places, folder, pictures)
            row.ours.append(seconds)
            fits = plan["fits"]
            if keras is None:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "plan.json").write_text(json.dumps(plan))
                keras = peer(places, "keras_search", folder / "plan.json")
                keras.start()
            row.theirs.append(keras.seconds(1))
    except BenchmarkError as error:
        row.reason = str(error)
    finally:
        if keras:
            keras.stop()
        shutil.rmtree(folder, ignore_errors=True)
    epochs = sum(fit["epochs"] for fit in fits)
    return Result([row], [
        f"Whole job: pictures from {origin}; {len(fits)} fits with {epochs} epochs in all on both sides. Of Keras, one "
        "fold of a candidate of each backbone was timed, for four epochs, and multiplied."])


def _run_job(places: Places, folder: Path, pictures: Path) -> tuple[float, dict]:
    """Seconds from the drop's move into the inbox to the published model, and what was fitted."""
    installation = Installation(places, folder / "installation", SETTINGS)
    drop = folder / "pictures"
    shutil.rmtree(drop, ignore_errors=True)
    make_drop(pictures / "train", drop / "train", TRAIN_PER_CLASS)
    make_drop(pictures / "test", drop / "test", TEST_PER_CLASS)
    try:
        installation.start()
        current = installation.outbox / "current" / "model.onnx"
        start = time.perf_counter()
        drop.rename(installation.inbox / drop.name)
        installation.wait_for("a promoted model", JOB_SECONDS, current.exists)
        seconds = time.perf_counter() - start
        installation.wait_for(
            "the end of the run", JOB_SECONDS, lambda: installation.json("history")[0]["outcome"] != "running")
        return seconds, _plan(installation.json("show"))
    finally:
        installation.remove()


def _plan(run: dict) -> dict:
    """What the run fitted: the backbone and batch size of each fit, and how many epochs it took."""
    fits = []
    for candidate in run["candidates"]:
        for trial in candidate["trials"]:
            fits.append(_fit(candidate["parameters"], len(trial["curve"]), share=2 / 3))
    refit = run["refit"]
    winner = next(row for row in run["candidates"] if row["candidate"] == refit["candidate"])
    fits.append(_fit(winner["parameters"], len(refit["curve"]), share=1))
    return {"pictures": TRAIN_PER_CLASS * 10, "fits": fits}


def _fit(parameters: dict, epochs: int, share: float) -> dict:
    return {
        "backbone": parameters["backbone"].split("@")[0], "batch_size": parameters["batch_size"], "epochs": epochs,
        "share": share,
    }
