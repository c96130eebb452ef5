"""What Python code holds already → what a file of it would hold, or an error naming the argument.

The bytes of a file, a binary file that is open, and what saves itself as a figure does, are read as files are.
Values of arrays must be whole numbers that say themselves what white is: 255 of uint8, 65535 of uint16. Floats are
refused, since how [0, 1] or [-1, 1] became levels would be part of the result, and is the caller's to say.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any, Protocol, TypeGuard

from percept_cli.errors import InvalidInput
from percept_cli.formats.faults import decoder_errors
from percept_cli.formats.files import read_stream
from percept_cli.formats.pages import Source
from percept_cli.formats.pillow import check_deep, check_frame, check_size_of, frame_of, notes_of
from percept_cli.images.picture import Decoded, frame_of_levels, levels_of
from percept_cli.images.policy import AS_SEEN, ImagePolicy

if TYPE_CHECKING:
    from typing import BinaryIO

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image
    from torch import Tensor

    class SavesItself(Protocol):
        """What writes itself as an image, as figures of matplotlib do."""

        def savefig(self, file: Any, /, *, format: str) -> object:  # noqa: A002 - matplotlib's own name
            """Write it."""

    Arrays = NDArray[np.uint8] | NDArray[np.uint16] | Tensor
    PictureLike = (
        str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | Arrays | SavesItself
    )
    """A path, or an image in memory: see ``percept_cli.compare``."""


def is_path(value: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether it names a file, rather than being a picture."""
    return isinstance(value, str | os.PathLike)


def to_decoded(value: object, name: str, policy: ImagePolicy = AS_SEEN) -> Decoded:
    """A picture from memory, by the rules for files: a profile and an EXIF turn applied, alpha kept.

    Args:
        value: the bytes of a file of any kind that is read; a binary file, read from its beginning, that is left
            where it was; what has ``savefig``, such as a figure of matplotlib, which is asked for a PNG;
            a PIL image of a mode with 8 bits per channel or fewer (the frame that it is at); a numpy array,
            uint8 in 0..255 or uint16 in 0..65535, H×W or H×W×1 (grey), H×W×3 (RGB) or H×W×4 (RGBA, alpha not
            multiplied in); or a torch tensor of the same dtypes and ranges on any device, C×H×W or 1×C×H×W with
            C = 1, 3 or 4. It is copied, and not changed.
        name: of the argument, for messages.
        policy: what the recipe says of reading pictures; arrays and tensors have nothing that it concerns.

    Raises:
        InvalidInput: if it is none of these.
        UnreadableImage, UnsupportedImage: if it is a PIL image or the content of a file, and a file of the same
            content would be refused.
    """
    data = file_content(value, name, policy)
    if data is not None:
        from percept_cli.formats.decode import decode

        return decode(data, name, policy)
    with decoder_errors(name):
        check_frame(policy.frame, 1)
    image_module = sys.modules.get("PIL.Image")  # who passes one has imported its library
    if image_module is not None and isinstance(value, image_module.Image):
        return _from_image(value, name, policy)
    return _decoded(to_array(value, name))


def file_content(value: object, name: str, policy: ImagePolicy = AS_SEEN) -> bytes | None:
    """The bytes of the file that a picture in memory is, or saves itself as; None for other things.

    Args:
        value: as ``to_decoded`` takes it.
        name: of the argument, for messages.
        policy: whose limit of a file holds.

    Raises:
        InvalidInput: for a file of text, one that is closed, or one that cannot be read.
        UnreadableImage, UnsupportedImage: if it is empty, or larger than the limit.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return read_stream(io.BytesIO(value), name, policy.limits)
    if callable(getattr(value, "savefig", None)):
        saved = io.BytesIO()
        try:
            value.savefig(saved, format="png")  # type: ignore[attr-defined] # it was just found to be there
        except TypeError as error:
            raise InvalidInput(
                f"{name}: savefig(file, format='png'), as for figures of matplotlib, failed: {error}",
                hint="save it as a PNG, and pass its bytes.",
            ) from error
        saved.seek(0)
        return read_stream(saved, name, policy.limits)
    if callable(getattr(value, "read", None)):
        return _read_file(value, name, policy)
    return None


def _read_file(file: Any, name: str, policy: ImagePolicy) -> bytes:
    """What is in a file that is open, from its beginning, as Pillow reads it."""
    try:
        if isinstance(file.read(0), str):
            raise InvalidInput(
                f"{name} is a file that is open in text mode", hint='open it with open(path, "rb").'
            )
        if not (hasattr(file, "seekable") and file.seekable()):
            return read_stream(file, name, policy.limits)
        place = file.tell()
        file.seek(0)
        try:
            return read_stream(file, name, policy.limits)
        finally:
            file.seek(place)
    except (ValueError, OSError) as error:  # a closed one, and one that is open for writing only
        raise InvalidInput(
            f"{name} is a file that cannot be read: {error}", hint='open it with open(path, "rb").'
        ) from None


def to_array(value: object, name: str) -> NDArray[Any]:
    """The values of a numpy array or a torch tensor: H×W×C, uint8 or uint16, C of 1, 3 or 4.

    Args:
        value: as ``to_decoded`` takes it.
        name: of the argument, for messages.

    Raises:
        InvalidInput: if it is neither, or not of these types and shapes.
    """
    numpy, torch = map(sys.modules.get, ("numpy", "torch"))
    if torch is not None and isinstance(value, torch.Tensor):
        return _from_tensor(value, name)
    if numpy is not None and isinstance(value, numpy.ndarray):
        return _from_array(value, name)
    raise InvalidInput(
        f"{name} must be a path, a PIL image, a numpy array, a torch tensor, the bytes of a file, a binary file "
        f"or a figure, not {type(value).__name__}",
        hint=_hint_for(value),
    )


def _hint_for(value: object) -> str:
    """How what is no picture becomes one."""
    if callable(getattr(getattr(value, "figure", None), "savefig", None)):  # axes of matplotlib
        return "pass its figure: x.figure."
    if isinstance(value, list | tuple) or hasattr(value, "__array__"):
        return "if its values are levels from 0 to 255, pass numpy.asarray(x, dtype=numpy.uint8)."
    return "save it as an image first, and pass its path or its bytes."


def _from_image(image: Image.Image, name: str, policy: ImagePolicy) -> Decoded:
    if min(image.size) == 0:
        raise InvalidInput(f"{name} has no pixels ({image.width}×{image.height})", hint=_PIXELS)
    with decoder_errors(name):  # one that was opened from a file may not have been read yet
        if image.mode in _DEEP_GREY:
            return _from_deep_grey(image, name)
        check_deep(image)
        if image.mode == "La":  # which Pillow converts to its like with straight alpha alone
            image = image.convert("LA")
        large = check_size_of(image, Source(b"", name, policy))
        notes = notes_of(image)
        return Decoded((frame_of(image, name, policy, large=large, in_memory=True),), notes=notes)


def _from_deep_grey(image: Image.Image, name: str) -> Decoded:
    import numpy as np

    return _decoded(_from_array(np.asarray(image).astype(np.uint16), name))


def _from_tensor(tensor: Tensor, name: str) -> NDArray[Any]:
    _check_dtype(str(tensor.dtype).removeprefix("torch."), name, "(255 * x).round().to(torch.uint8)")
    if str(tensor.layout) != "torch.strided":
        raise InvalidInput(f"{name} is a sparse tensor", hint="pass x.to_dense().")
    shape = tuple(tensor.shape)
    if len(shape) == 4 and shape[0] != 1:
        raise InvalidInput(
            f"{name} is a batch of {shape[0]} images",
            hint="pass one at a time, or compare batches with percept_cli.PerceptualDistance.",
        )
    if len(shape) not in (3, 4) or shape[-3] not in (1, 3, 4):
        turned = len(shape) == 3 and shape[-1] in (1, 3, 4)
        raise InvalidInput(
            f"{name} must be a 3×H×W tensor, not {_words(shape)}",
            hint="bring the channels to the front: x.permute(2, 0, 1)." if turned else _PIXELS,
        )
    rows = tensor.detach().reshape(shape[-3:]).permute(1, 2, 0)  # C×H×W → H×W×C
    return _from_array(rows.cpu().numpy(), name)


def _from_array(array: NDArray[Any], name: str) -> NDArray[Any]:
    import numpy as np

    if isinstance(array, np.ma.MaskedArray):
        raise InvalidInput(
            f"{name} is a masked array, and its masked pixels have no colour",
            hint="give them a colour: x.filled(0); to leave them out of a check, use mask= or ignore=.",
        )
    _check_dtype(array.dtype.name, name, "(255 * x).round().astype(numpy.uint8)")
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4):
        turned = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        raise InvalidInput(
            f"{name} must be an H×W, H×W×3 or H×W×4 array, not {_words(array.shape)}",
            hint="bring the channels to the end: x.transpose(1, 2, 0)." if turned else _PIXELS,
        )
    height, width, _ = array.shape
    if min(height, width) == 0:
        raise InvalidInput(f"{name} has no pixels ({width}×{height})", hint=_PIXELS)
    return array


def _decoded(array: NDArray[Any]) -> Decoded:
    """The picture of values as ``to_array`` gives them."""
    import numpy as np

    height, width, channels = array.shape
    if channels == 1:
        array = np.broadcast_to(array, (height, width, 3))
    levels = array if array.dtype == np.uint8 else levels_of(array, 65535)
    return Decoded((frame_of_levels(levels[..., :3], levels[..., 3] if channels == 4 else None),))


_DEEP_GREY = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})  # which Pillow holds as they are
_PIXELS = "pass one image: rows of pixels."


def _check_dtype(dtype: str, name: str, rounded: str) -> None:
    if dtype in ("uint8", "uint16"):
        return
    if "float" in dtype:
        raise InvalidInput(
            f"{name} has dtype {dtype}, which does not say which value is white",
            hint=f"convert it yourself, with {rounded} if it is in [0, 1]; or compare floats as they are with "
            "percept_cli.PerceptualDistance.",
        )
    raise InvalidInput(
        f"{name} must have dtype uint8, with levels 0 to 255, or uint16, not {dtype}",
        hint="scale the values to 0..255 and convert them to uint8.",
    )


def _words(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"
