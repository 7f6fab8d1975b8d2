"""A Java trust store without Java's tools: certificates in the format that every Java reads (JKS, version 2)."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

PASSWORD = "changeit"  # Java's own default, and no secret: certificates are public


def write(path: Path, certificates: Sequence[bytes]) -> None:
    """One entry for each certificate (DER), and the digest by which Java knows that the file is whole."""
    body = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
    body += b"".join(_entry(f"trusted{n}", one) for n, one in enumerate(certificates))
    seal = PASSWORD.encode("utf-16-be") + b"Mighty Aphrodite" + body
    path.write_bytes(body + hashlib.sha1(seal, usedforsecurity=False).digest())


def _entry(alias: str, certificate: bytes) -> bytes:
    trusted, made = 2, 0
    head = struct.pack(">I", trusted) + _text(alias) + struct.pack(">q", made) + _text("X.509")
    return head + struct.pack(">I", len(certificate)) + certificate


def _text(value: str) -> bytes:
    return struct.pack(">H", len(value)) + value.encode("ascii")
