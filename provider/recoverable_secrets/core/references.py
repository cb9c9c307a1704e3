"""A value that is somewhere else: it is read where the work is done, and only when it is needed.

Neither a program's state nor a template holds it. What reads it is no part of the core.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from . import fields
from .fields import field


class ValueFrom(BaseModel):
    """Where a value is read from: exactly one place. Frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    environment_variable: fields.Text | None = field(
        None, "Name of an environment variable of the process that does the work."
    )
    file: fields.Text | None = field(
        None,
        "Path of a file where the work is done. All of its bytes are the value, a line end at "
        "its end included; bytes that are no UTF-8 text make a binary value.",
    )
    ssm_parameter: fields.Text | None = field(
        None, "Name or ARN of a parameter of AWS Systems Manager; it is read decrypted."
    )
    secret: fields.Text | None = field(
        None, "Exact name or full ARN of another secret; its current value is read."
    )

    @property
    def places(self) -> tuple[str, ...]:
        """The kinds of places that are declared; one, if all is right."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)
