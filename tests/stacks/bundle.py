"""The function's code as a zip, for the Python that runs: what the official zips have in them."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tools import bundle

TEMPLATE = Path(__file__).parents[2] / "lambda_handler" / "template.yaml"


def bundle_for_this_python(more: Mapping[str, str] | None = None) -> bytes:
    """Return the zip.

    Args:
        more: Text to append to files, by their paths in the zip.

    Raises:
        tools.bundle.BundleError: pip cannot get what the function stands on.
    """
    files = dict(content())
    for name, text in (more or {}).items():
        files[name] = files.get(name, b"") + text.encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:  # It is never sent far.
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


@functools.cache
def content() -> dict[str, bytes]:
    """Return what is in the zip, by path."""
    return bundle.content(bundle.packages_for())
