"""What a compiled library says of the machine that it is for, from the head of its ELF file."""

from __future__ import annotations

import struct

MACHINES = {62: "x86_64", 183: "aarch64"}
"""ELF's numbers for the two machines that Lambda has."""


def machine(library: bytes) -> str:
    """Return the machine's name as Linux spells it.

    Raises:
        ValueError: It is no 64-bit library in little-endian order, or for another machine.
    """
    magic, bits, order = library[:4], library[4], library[5]
    kind, number = struct.unpack_from("<HH", library, 16)
    if magic != b"\x7fELF" or (bits, order) != (2, 1) or kind != 3 or number not in MACHINES:
        raise ValueError(f"not a library for Lambda: {library[:20].hex()}")
    return MACHINES[number]
