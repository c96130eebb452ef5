"""Addresses among paths: how they are told apart, and how they are shown without what must stay secret.

An address travels through percept as a ``Path``, of which joining and taking apart work as for a folder's:
``Path("s3://bucket") / "a.png"``. Its two slashes become one on the way, and are put back wherever it is shown.
"""

from __future__ import annotations

import re

SCHEMES = ("s3", "gs", "az", "https", "http")
"""How addresses begin."""
WEB = ("https", "http")
CUT = "…"
"""Stands for what is secret in an address that is shown."""
_ADDRESS = re.compile(rf"({'|'.join(SCHEMES)}):/+", re.IGNORECASE)
# Parameters that sign a request, or let someone in: of S3, Google, Azure, and as others call them.
_SECRET = re.compile(
    r"sig|token|key|secret|cred|auth|pass|pwd|session|policy|amz|goog|jwt|code|^s[a-z]{1,2}$", re.I
)
_PLAIN = re.compile(r"[\w.,+-]{0,16}")


def is_address(path: str) -> bool:
    """Whether text, or a path as text, is the address of something elsewhere."""
    return ":/" in path[:7] and _ADDRESS.match(path) is not None


def restored(path: str) -> str:
    """An address with both of its slashes, which a ``Path`` makes one."""
    found = _ADDRESS.match(path)
    return path if found is None else f"{found[1].lower()}://{path[found.end() :]}"


def without_secrets(address: str) -> str:
    """An address as it may be shown: without a password, and without the parameters that sign a request."""
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if "@" in host:
        host = f"{CUT}@{host.rpartition('@')[2]}"
    if scheme in WEB and "?" in path:
        path, _, query = path.partition("?")
        path = f"{path}?{'&'.join(map(_open_only, query.split('&')))}"
    return f"{scheme}://{host}{slash}{path}"


def _open_only(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:
        return parameter if _PLAIN.fullmatch(parameter) else CUT
    return parameter if _PLAIN.fullmatch(value) and not _SECRET.search(name) else f"{name}={CUT}"
