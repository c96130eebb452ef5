"""What a test may hold: every kind of picture."""

from __future__ import annotations

import pytest

from tests.support.plugin_projects import plugin_project as plugin_project
from tests.support.plugin_projects import run_with_plugin as run_with_plugin
from tests.support.pytests import Run, written


def test_pictures_of_every_kind(plugin_project: pytest.Pytester, run_with_plugin: Run) -> None:
    plugin_project.makepyfile(
        test_kinds="""
        import io
        from types import SimpleNamespace

        import numpy as np
        import pytest
        import torch
        from PIL import Image

        import percept_cli

        RGB = np.arange(1800).reshape(20, 30, 3).astype(np.uint8)
        FILE = io.BytesIO()
        Image.fromarray(RGB).save(FILE, "PNG")
        EXIF = Image.Exif()
        EXIF[0x0112] = 6
        TURNED = io.BytesIO()
        Image.fromarray(RGB).save(TURNED, "PNG", exif=EXIF)
        PICTURES = {
            "deep": RGB.astype(np.uint16) * 200,
            "deep-rgba": np.arange(2400).reshape(20, 30, 4).astype(">u2") * 17,
            "deep-grey": Image.fromarray(RGB[..., 0].astype(np.uint16) * 99),
            "tensor": torch.from_numpy(RGB.copy()).permute(2, 0, 1),
            "bytes": FILE.getvalue(),
            "jpeg": None,
            "file": FILE,
            "figure": SimpleNamespace(savefig=lambda file, **options: Image.fromarray(RGB).save(file, **options)),
            "cmyk": Image.fromarray(RGB).convert("CMYK"),
            "grey-alpha": Image.fromarray(RGB).convert("LA"),
            "turned": Image.open(TURNED),
            "rgb": RGB,
            "rgba": np.full((20, 30, 4), 255, np.uint8),
            "grey": RGB[..., 0],
            "image": Image.fromarray(RGB),
            "palette": Image.fromarray(RGB).convert("P"),
            "path": "drawn.jpg",
        }

        @pytest.mark.parametrize("kind", PICTURES)
        def test_kind(percept_check, kind, request):
            Image.fromarray(RGB).save("drawn.jpg")
            picture = PICTURES[kind]
            if kind == "jpeg":
                file = io.BytesIO()
                Image.fromarray(RGB).save(file, "JPEG")
                picture = file.getvalue()
            result = percept_check(picture)
            assert percept_cli.compare(result.reference, picture).distance == 0

        WRONG = [RGB / 255, RGB[0, 0], np.zeros((2, 2, 2), np.uint8), 7, Image.new("F", (9, 9)), b"",
                 np.ma.masked_equal(RGB, 0), io.StringIO("text")]

        @pytest.mark.parametrize("wrong", WRONG)
        def test_wrong(percept_check, wrong):
            with pytest.raises(TypeError, match="percept_check"):
                percept_check(wrong)

        def test_several(percept_check):
            percept_check(RGB, "first")
            percept_check(RGB, "second/../[x]")
            percept_check(RGB)
            percept_check(RGB)
            with pytest.raises(ValueError, match="already used in this test"):
                percept_check(RGB, "first")
        """
    )
    run_with_plugin(plugin_project, "--percept-update", "test_kinds.py").assert_outcomes(passed=26)
    run_with_plugin(plugin_project, "test_kinds.py").assert_outcomes(passed=26)
    folder = plugin_project.path / "percept-baselines" / "test_kinds"
    kinds = "bytes cmyk deep deep-grey deep-rgba figure file grey grey-alpha image palette rgb rgba tensor turned"
    several = ["test_several", "test_several@2", "test_several@first", "test_several@second-..-x-f187e25e"]
    pngs = [*(f"test_kind-{kind}" for kind in kinds.split()), *several]
    assert written(plugin_project) == sorted(f"percept-baselines/test_kinds/{name}.png" for name in pngs)
    assert (folder / "test_kind-path.jpg").read_bytes() == (plugin_project.path / "drawn.jpg").read_bytes()
    assert (folder / "test_kind-jpeg.jpg").read_bytes()[:2] == b"\xff\xd8"  # what is a file stays one of its kind
