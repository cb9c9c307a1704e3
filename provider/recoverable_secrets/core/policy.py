"""What the user allows, and what a store can do.

A policy never says what a secret is, only what may happen to it: changing one makes no call.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from . import fields
from .fields import field


class Deletion(enum.StrEnum):
    """What teardown does with a secret."""

    SCHEDULE = "schedule"
    FORCE = "force"
    RETAIN = "retain"


class OnRecreate(enum.StrEnum):
    """What a declaration does that finds its own secret pending deletion."""

    RESTORE = "restore"
    FAIL = "fail"
    REPLACE = "replace"


class Adopt(enum.StrEnum):
    """Which secrets of others may be taken over."""

    NO = "no"
    UNOWNED = "unowned"
    ANY = "any"


class OnValueDrift(enum.StrEnum):
    """What happens to a value that people or rotation put."""

    KEEP = "keep"
    OVERWRITE = "overwrite"


class PreviousVersion(enum.StrEnum):
    """What happens to the version that a new value replaces."""

    KEEP = "keep"
    DEPRECATE = "deprecate"


class Policy(BaseModel):
    """What the user allows. Frozen; defaults lose nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    recovery_window_in_days: fields.Whole = field(
        30,
        "Days between teardown and the end of the secret, 7 to 30. Until then it can be restored.",
        policy_only=True,
        minimum=7,
        maximum=30,
    )
    force_delete_without_recovery: fields.Truth = field(
        False,
        "Delete at once and for good at teardown. Excludes `recovery_window_in_days`.",
        policy_only=True,
    )
    deletion: Deletion = field(
        Deletion.SCHEDULE,
        "What teardown does: `schedule` the deletion, `force` it without recovery, or `retain` "
        "the secret.",
        policy_only=True,
    )
    refuse_deletion_if_accessed_within: fields.Whole = field(
        0,
        "Teardown refuses to delete a secret that was read in the last so many days, 0 to 365, in "
        "whatever region; 0 is off. Only the day of the last read is known, in UTC, so a read may "
        "count for up to a day more.",
        policy_only=True,
        minimum=0,
        maximum=365,
    )
    on_recreate: OnRecreate = field(
        OnRecreate.RESTORE,
        "What happens when the secret is found pending deletion: `restore` it, `fail`, or "
        "`replace` it by a new one (only together with force).",
        policy_only=True,
    )
    adopt: Adopt = field(
        Adopt.NO,
        "Which existing secrets may be taken over: `no` others, `unowned` ones (no owner tag), "
        "or `any`.",
        policy_only=True,
    )
    on_value_drift: OnValueDrift = field(
        OnValueDrift.KEEP,
        "What happens to a value that people or rotation put: `keep` it, or `overwrite` it with "
        "the declared one.",
        policy_only=True,
    )
    previous_version: PreviousVersion = field(
        PreviousVersion.KEEP,
        "What happens to the version that a new value replaces: `keep` it as AWSPREVIOUS, or "
        "`deprecate` it, so that AWS drops it.",
        policy_only=True,
    )
    force_overwrite_replica_secret: fields.Truth = field(
        False,
        "Whether a new replica may overwrite a secret of the same name in its region.",
        policy_only=True,
    )
    rotate_immediately: fields.Truth = field(
        False,
        "Whether the value is rotated at once when rotation is set or changed, and not at its "
        "next date only.",
        policy_only=True,
    )
    timeout: fields.Whole = field(
        300,
        "Seconds that one operation may take, waits included, 1 to 3600.",
        policy_only=True,
        minimum=1,
        maximum=3600,
    )

    @property
    def force(self) -> bool:
        """Whether the user said in so many words that deletion is final."""
        return self.force_delete_without_recovery or self.deletion is Deletion.FORCE

    @property
    def retain(self) -> bool:
        """Whether teardown leaves the secret as it is."""
        return self.deletion is Deletion.RETAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one service can do, and its limits. The core asks these, never which service it is.

    Attributes:
        service: The service's name, for texts.
        name_length: Longest name, in characters.
        name_characters: A regular expression for one allowed character of a name.
        value_bytes: Largest value, in bytes.
        value_required: Whether a secret cannot exist without a value.
        description_length: Longest description, in characters.
        tags: How many tags a secret can have, ours included.
        tag_key_length: Longest tag key, in characters.
        tag_value_length: Longest tag value, in characters.
        reserved_tags: Prefixes of tag keys that belong to the service.
        key_mutable: Whether the encryption key can be changed in place.
        policies: Whether a secret can carry a resource policy.
        policy_length: Longest resource policy, in characters.
        replicas: Whether a secret can have replicas in other regions.
        rotation: Whether the service can rotate a value.
        types: Whether a secret can have a type of an external partner.
        labels: How many extra staging labels a version can have; none if it cannot have any.
        keys: Whether the service tells the state of an encryption key.
        call_seconds: Longest that one call can take, retries included.
        hyphen_suffix: Whether names that end in a hyphen and six characters confuse look-ups by
            partial ARN.
    """

    service: str
    name_length: int
    name_characters: str
    value_bytes: int
    value_required: bool
    description_length: int
    tags: int
    tag_key_length: int
    tag_value_length: int
    reserved_tags: tuple[str, ...]
    key_mutable: bool
    policies: bool
    policy_length: int
    replicas: bool
    rotation: bool
    types: bool
    labels: int
    keys: bool
    call_seconds: float
    hyphen_suffix: bool
