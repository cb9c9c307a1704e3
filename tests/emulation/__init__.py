"""A strict double of AWS Secrets Manager, and of what it needs of KMS, SSM and STS.

moto's storage behind a state machine.

Where moto is wrong about deletion, restoring, reserved names, tokens, labels, replicas and
validation, this package behaves as AWS does; `tests/emulation_facts` states it fact by fact.
"""

from . import faults
from .aws import DEFAULT_ACCOUNT, DEFAULT_REGION, Aws
from .behaviour import Behaviour
from .clock import Clock
from .errors import AwsError
from .inspection import ReplicaSnapshot, SecretSnapshot, VersionSnapshot
from .log import Record
from .permissions import PERMISSIONS, Permission, When
from .sts import Credentials
from .wire import VALUE_MARKER, Request

__all__ = [
    "DEFAULT_ACCOUNT",
    "DEFAULT_REGION",
    "PERMISSIONS",
    "VALUE_MARKER",
    "Aws",
    "AwsError",
    "Behaviour",
    "Clock",
    "Credentials",
    "Permission",
    "Record",
    "ReplicaSnapshot",
    "Request",
    "SecretSnapshot",
    "VersionSnapshot",
    "When",
    "faults",
]
