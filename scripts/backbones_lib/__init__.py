"""The parts of `scripts/backbones`: from pinned packages to ONNX backbones.

`catalogue`, `distributions`, `environment`, `pickles`, `weights` and `onnx_metadata` need the standard library only;
`graph`, `architectures` and `convert` run inside the virtual environment, where numpy and onnx are.
"""
