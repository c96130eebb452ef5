"""Amazon S3, and what speaks as it does: each object in one request, written over what was meant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from percept_cli.storage.address import Address
from percept_cli.storage.backends.base import CONNECT, PIECE, TRIES, Backend, Changed, Sink, TooSlow, stamp_of
from percept_cli.storage.stamp import Kind, ObjectStamp


class S3(Backend):
    """Buckets. Where they are, and who may read them, the environment says, as for all of Amazon's tools."""

    library = "s3fs"
    extra = "s3"

    def options(self) -> dict[str, Any]:
        """With an end to waiting, and to trying again."""
        return {
            "config_kwargs": {
                "connect_timeout": min(CONNECT, self.patience),
                "read_timeout": self.patience,
                "retries": {"mode": "standard", "total_max_attempts": 1},
            }
        }

    def __init__(self, scheme: str, patience: float) -> None:
        super().__init__(scheme, patience)
        self.system.retries = TRIES

    def kind(self, address: Address) -> Kind:
        """A picture, or a folder, even one that holds nothing; a bucket must be there."""
        found = super().kind(address) if address.key else "nothing"
        if found == "nothing":
            self.system.call_s3("head_bucket", Bucket=address.place)
            return "folder" if not address.key else "nothing"
        return found

    def list(self, address: Address) -> Iterator[tuple[str, ObjectStamp]]:
        """In pages of a thousand."""
        # find() takes an empty folder for an object with its name.
        return (found for found in super().list(address) if found[0])

    def read(self, address: Address, expected: ObjectStamp | None, sink: Sink) -> ObjectStamp:
        """In one request, to which the store does not answer with another version."""
        from fsspec.asyn import sync

        stamp: ObjectStamp = sync(self.system.loop, self._read, address, expected, sink)
        return stamp

    async def _read(self, address: Address, expected: ObjectStamp | None, sink: Sink) -> ObjectStamp:
        asked = {"Bucket": address.place, "Key": address.key}
        if expected is not None and expected.version is not None:
            asked["VersionId"] = expected.version
        elif expected is not None and expected.etag is not None:
            asked["IfMatch"] = expected.etag
        try:
            # A proxy that keeps silent is nothing that the client's own limits know.
            answer = await asyncio.wait_for(
                self.system._call_s3("get_object", **asked), min(CONNECT, self.patience) + 2 * self.patience
            )
        except OSError as error:
            raise _meant(error) from error
        stamp = _stamp(answer)
        if expected is not None and not stamp.is_of(expected):  # of a store that does not look at IfMatch
            answer["Body"].close()
            raise Changed
        end, size, body = time.monotonic() + 20 * self.patience, 0, answer["Body"]
        try:
            while piece := await body.read(PIECE):
                size += len(piece)
                sink(piece)
                if time.monotonic() > end:
                    raise TooSlow
        finally:
            body.close()
        if stamp.size is not None and size != stamp.size:
            raise ConnectionResetError
        return stamp

    def put(self, address: Address, file: Path, expected: ObjectStamp | None, *, new: bool = False) -> None:
        """With the condition in the request; it is looked at before as well, since not all stores heed it."""
        self.check_version(address, expected, new=new)
        if new:
            match = {"IfNoneMatch": "*"}
        else:
            match = {} if expected is None or expected.etag is None else {"IfMatch": expected.etag}
        try:
            if not match:
                self.system.put_file(str(file), address.full)
            else:
                with file.open("rb") as body:
                    self.system.call_s3(
                        "put_object",
                        Bucket=address.place,
                        Key=address.key,
                        Body=body.read(),
                        **_type_of(address),
                        **match,
                    )
        except OSError as error:
            raise _meant(error) from error

    def check_writable(self, address: Address) -> None:
        """By an upload in parts that is begun and given up."""
        asked = {"Bucket": address.place, "Key": address.key}
        begun = self.system.call_s3("create_multipart_upload", **asked)
        self.system.call_s3("abort_multipart_upload", UploadId=begun["UploadId"], **asked)


def _type_of(address: Address) -> dict[str, str]:
    import mimetypes

    found, _ = mimetypes.guess_type(address.key)
    return {} if found is None else {"ContentType": found}


def _stamp(answer: Mapping[str, Any]) -> ObjectStamp:
    return stamp_of({**answer, "size": answer.get("ContentLength")})


def _meant(error: OSError) -> Exception:
    """What an error of the store is, where that is that the version is another."""
    response = getattr(error.__cause__, "response", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = response.get("Error", {}).get("Code")
    return (
        Changed()
        if status in (409, 412) or code in ("PreconditionFailed", "ConditionalRequestConflict")
        else error
    )
