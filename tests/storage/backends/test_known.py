from __future__ import annotations

import pytest

from percept_cli.errors import MissingLibrary
from percept_cli.storage.backends.known import BACKENDS, backend_of
from percept_cli.system.addresses import SCHEMES


def test_every_kind_of_address_has_its_store() -> None:
    assert BACKENDS.keys() == set(SCHEMES)


@pytest.mark.parametrize(("scheme", "library"), [("gs", "gcsfs"), ("az", "adlfs")])
def test_what_is_not_installed_is_named_with_its_extra(scheme: str, library: str) -> None:
    with pytest.raises(MissingLibrary, match=library) as caught:
        backend_of(scheme, 1)
    assert "pip install 'percept-cli[" in caught.value.hint
