"""The messages between the app and its PDF worker: parts, each with its length."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import BinaryIO

_NUMBER = struct.Struct(">I")
# A document of 500 lines with its logo is far smaller; a broken peer is not.
PART_SIZE_MAX = 64 * 1024 * 1024


def write_message(stream: BinaryIO, parts: Sequence[bytes]) -> None:
    message = [_NUMBER.pack(len(parts))]
    for part in parts:
        message += (_NUMBER.pack(len(part)), part)
    stream.write(b"".join(message))
    stream.flush()


def read_message(stream: BinaryIO) -> list[bytes]:
    """Return the parts of the next message.

    Raises:
        EOFError: the other side closed, perhaps in the middle of a message.
    """
    return [_read(stream, _read_number(stream)) for _ in range(_read_number(stream))]


def _read_number(stream: BinaryIO) -> int:
    (number,) = _NUMBER.unpack(_read(stream, _NUMBER.size))
    if number > PART_SIZE_MAX:
        raise EOFError
    return number


def _read(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
