"""Published files → kernels: the convolution part by percept's names, or a refusal that says what is wrong."""

from __future__ import annotations

import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from percept_cli.errors import WeightsUnavailable
from percept_cli.networks.origin import Layout
from percept_cli.networks.registry import WeightsRecord
from percept_cli.system import libraries
from percept_cli.system.names import printable, shown
from percept_cli.topology import NETWORKS

if TYPE_CHECKING:
    from torch import Tensor

_OTHERS: dict[Layout, re.Pattern[str]] = {
    # The fully connected layers behind the convolutions, as torchvision and timm call them.
    "torchvision": re.compile(r"(classifier|pre_logits|head)\."),
    # The head's weights for the channels, and two constants: the input's normalisation, the blurs of the pools.
    "st-lpips": re.compile(r"lin\d\.model\.|scaling_layer\.|net\.slice\d\.\d+\.filt$"),
}
"""What a published file holds besides the convolutions."""


def _torchvision(network: str) -> dict[str, str]:
    """Torchvision's keys → percept's: ``features.N``, N counting convolutions, ReLUs and pools."""
    keys: dict[str, str] = {}
    index = 0
    for layer in NETWORKS[network]:
        if layer.kind == "conv":
            keys |= {f"features.{index}.{part}": f"{layer.name}.{part}" for part in ("weight", "bias")}
        index += layer.kind != "max"  # the first half of a pool that is made of two layers here
    return keys


def _st_lpips(network: str) -> dict[str, str]:
    """stlpips_pytorch's: ``net.sliceB.N``, B the block, N counting all layers, of which a pool has two."""
    return {
        f"net.slice{layer.name[4]}.{index}.{part}": f"{layer.name}.{part}"
        for index, layer in enumerate(NETWORKS[network])
        if layer.kind == "conv"
        for part in ("weight", "bias")
    }


# One function per way to name tensors: the network → the file's keys → percept's.
_LAYOUTS: dict[Layout, Callable[[str], dict[str, str]]] = {"torchvision": _torchvision, "st-lpips": _st_lpips}


def is_safetensors(path: Path) -> bool:
    """Whether a file is one: eight bytes of length, then JSON.

    Raises:
        WeightsUnavailable: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError as error:
        raise WeightsUnavailable(
            f"{shown(path)}: cannot be read: {error.strerror}", hint="check the path and its permissions."
        ) from None


def read_kernels(record: WeightsRecord, path: Path) -> dict[str, Tensor]:
    """Take the convolution part out of a file: a state dict as safetensors or ``.pth``, or one made by percept.

    Code in a pickle is never executed: torch's reader is asked for tensors only.

    Returns:
        Key → float32 tensor, as ``record.shapes`` lists them, independent of the file.

    Raises:
        WeightsUnavailable: if the file is unreadable, holds anything but tensors, or not exactly the network's
            convolutions: a key missing or extra, another shape or dtype, a value that is not finite.
    """
    libraries.load("torch")
    import torch

    state = _read_safetensors(path) if is_safetensors(path) else _read_pickle(path)
    own = {key: key for key in record.shapes()}
    keys = own if own.keys() & state.keys() else _LAYOUTS[_layout(record)](record.network)
    problems = _other_network(record, state) or _problems(record, keys, state)
    if problems:
        listed = "; ".join(problems[:4]) + (f"; and {len(problems) - 4} more" if len(problems) > 4 else "")
        raise WeightsUnavailable(
            f"{shown(path)}: not the weights of {record.name}: {listed}", hint="nothing was installed."
        )
    with torch.no_grad():
        return {ours: state[theirs].detach().clone().contiguous() for theirs, ours in keys.items()}


def _layout(record: WeightsRecord) -> Layout:
    return "torchvision" if record.origin is None else record.origin.layout


def _read_safetensors(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsUnavailable(
            f"{shown(path)}: the safetensors file is truncated or damaged: {printable(str(error))}",
            hint="copy it again; nothing was installed.",
        ) from None


def _read_pickle(path: Path) -> dict[str, Any]:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's are for those who write such files
            # A mapped file is not read where nothing is taken from it: nine tenths of a VGG are its classifier.
            mapped = zipfile.is_zipfile(path)
            state: object = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        raise WeightsUnavailable(
            f"{shown(path)}: holds something other than tensors, or is damaged; nothing in it was executed: "
            f"{_first_sentence(error)}",
            hint="pass a state dict, as torchvision publishes it; nothing was installed.",
        ) from None
    except MemoryError:
        raise
    # Torch documents no errors for damaged files, and raises nearly all there are.
    except Exception as error:
        raise WeightsUnavailable(
            f"{shown(path)}: neither a torch nor a safetensors file, or truncated: {_first_sentence(error)}",
            hint="copy it again; nothing was installed.",
        ) from None
    if not isinstance(state, Mapping) or not all(isinstance(key, str) for key in state):
        raise WeightsUnavailable(
            f"{shown(path)} holds a {type(state).__name__}, not a state dict of names and tensors",
            hint="save the model's state_dict() instead.",
        )
    return dict(state)


def _first_sentence(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return printable(text.split("\n")[0].removeprefix("Weights only load failed. "))[:300]


def _other_network(record: WeightsRecord, state: Iterable[str]) -> list[str]:
    found = {key for key in state if key.startswith("features.")}
    if found == set(_torchvision(record.network)):
        return []
    for name in NETWORKS:
        if found == set(_torchvision(name)):
            return [f"its layers are those of {name}, not of {record.network}"]
    return []


def _problems(record: WeightsRecord, keys: Mapping[str, str], state: Mapping[str, Any]) -> list[str]:
    import torch

    problems = [f"{key} is missing" for key in keys if key not in state]
    problems += [
        f"{printable(key)} does not belong to {record.network}"
        for key in sorted(state)
        if key not in keys and not _OTHERS[_layout(record)].match(key)
    ]
    shapes = record.shapes()
    for theirs, ours in keys.items():
        value, shape = state.get(theirs), shapes[ours]
        if theirs not in state:
            continue
        if not isinstance(value, torch.Tensor) or value.layout != torch.strided:
            problems.append(f"{theirs} is not a tensor of plain values")
        elif value.dtype != torch.float32 or tuple(value.shape) != shape:
            dtype = str(value.dtype).removeprefix("torch.")
            problems.append(f"{theirs} is {dtype} {tuple(value.shape)}, expected float32 {shape}")
        elif not torch.isfinite(value).all():
            problems.append(f"{theirs} holds NaN or infinite values")
    return problems
