"""What each error of AWS and of botocore means, row by row."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as sdk
import pytest

from recoverable_secrets.core import errors, plan
from recoverable_secrets.core.sealed import Sealed
from recoverable_secrets.stores import aws_errors

LONG = "team/" + "x" * 507


def answer(code: str, text: str = "Told by AWS.", status: int = 400) -> dict[str, Any]:
    """Return an error answer as botocore hands it over."""
    return {
        "Error": {"Code": code, "Message": text},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


RNF, REE = "ResourceNotFoundException", "ResourceExistsException"
IRE, IPE = "InvalidRequestException", "InvalidParameterException"

CONFLICTS = [
    ("CreateSecret", REE, "the name is taken by a live secret"),
    ("CreateSecret", IRE, "the name is pending deletion, or reserved"),
    ("DescribeSecret", RNF, "there is none"),
    ("UpdateSecret", REE, "the version id is known: an answer was lost"),
    ("UpdateSecret", IRE, "marked for deletion"),
    ("UpdateSecret", RNF, "purged meanwhile"),
    ("PutSecretValue", REE, "it holds another value"),
    ("PutSecretValue", IRE, "marked for deletion"),
    ("PutSecretValue", RNF, "purged meanwhile"),
    ("UpdateSecretVersionStage", IPE, "the label is on another version by now"),
    ("UpdateSecretVersionStage", IRE, "marked for deletion"),
    ("UpdateSecretVersionStage", RNF, "purged meanwhile, or there is no such version"),
    ("ReplicateSecretToRegions", IPE, "there is a replica already: an answer was lost"),
    ("ReplicateSecretToRegions", IRE, "marked for deletion"),
    ("ReplicateSecretToRegions", REE, "there is a replica already, in other words"),
    ("ReplicateSecretToRegions", RNF, "purged meanwhile"),
    ("RemoveRegionsFromReplication", IPE, "there is no replica any more: an answer was lost"),
    ("RemoveRegionsFromReplication", IRE, "marked for deletion"),
    ("RemoveRegionsFromReplication", REE, "no such replica, in other words"),
    ("RemoveRegionsFromReplication", RNF, "purged meanwhile"),
    ("PutResourcePolicy", IRE, "marked for deletion"),
    ("PutResourcePolicy", RNF, "purged meanwhile"),
    ("GetResourcePolicy", IRE, "marked for deletion"),
    ("GetResourcePolicy", RNF, "purged meanwhile"),
    ("RotateSecret", IRE, "marked for deletion, or a rotation is under way"),
    ("RotateSecret", RNF, "purged meanwhile"),
    ("CancelRotateSecret", IRE, "marked for deletion, or never rotated"),
    ("CancelRotateSecret", RNF, "purged meanwhile"),
    ("RestoreSecret", IRE, "not marked for deletion, or being purged"),
    ("RestoreSecret", RNF, "purged meanwhile"),
    ("DeleteSecret", IRE, "already scheduled"),
    ("DeleteSecret", RNF, "purged meanwhile"),
    ("TagResource", IRE, "marked for deletion"),
    ("TagResource", RNF, "purged meanwhile"),
    ("UntagResource", IRE, "marked for deletion"),
    ("UntagResource", RNF, "purged meanwhile"),
    ("DeleteResourcePolicy", IRE, "marked for deletion"),
    ("DeleteResourcePolicy", RNF, "purged meanwhile"),
]


@pytest.mark.parametrize(
    ("operation", "code", "why"), CONFLICTS, ids=[f"{o} {c}: {w}" for o, c, w in CONFLICTS]
)
def test_conflicts(operation: str, code: str, why: str) -> None:
    met = aws_errors.from_service(answer(code, " It\nis so. "), aws_errors.Subject(operation, "n"))
    known = (operation, code) == ("UpdateSecret", REE)
    assert met == plan.Conflict(code, "It is so.", version_known=known)


TAKEN_FOR_STATE = {
    "UpdateSecretVersionStage",
    "ReplicateSecretToRegions",
    "RemoveRegionsFromReplication",
}
"""Operations of which AWS does not document how they refuse what is there, or gone, already."""

NO_CONFLICTS = [
    pytest.param("CreateSecret", RNF, id="a missing key of KMS is no taken name"),
    pytest.param("DescribeSecret", IRE, id="a look has no state to be wrong"),
    pytest.param("TagResource", REE, id="nothing that tags make exists already"),
    pytest.param("DeleteSecret", IPE, id="a window that AWS does not take"),
    pytest.param("PutResourcePolicy", REE, id="a policy takes the place of any other"),
    pytest.param(
        "PutResourcePolicy", "MalformedPolicyDocumentException", id="a policy that is none",
    ),
    pytest.param("PutResourcePolicy", "PublicPolicyException", id="a policy that lets all in"),
    pytest.param("RotateSecret", REE, id="rotation makes no version under an id of ours"),
    pytest.param("UpdateSecretVersionStage", REE, id="a label that moves makes nothing new"),
    pytest.param(
        "UpdateSecretVersionStage", "LimitExceededException",
        id="a version with too many labels stays so",
    ),
    *[
        pytest.param(operation, IPE, id=f"{operation}: a parameter is wrong in every state")
        for operation in sorted(
            aws_errors.PERMISSIONS.keys() - TAKEN_FOR_STATE - {"DeleteSecret"}
        )
    ],
]  # fmt: skip


@pytest.mark.parametrize(("operation", "code"), NO_CONFLICTS)
def test_no_conflicts(operation: str, code: str) -> None:
    told = aws_errors.from_service(answer(code), aws_errors.Subject(operation, "n"))
    assert isinstance(told, errors.StoreError)
    assert told.code == code
    assert str(told) == f"{operation} of n was refused with {code}: Told by AWS."


KINDS: list[Any] = [
    *[
        pytest.param(code, 400, errors.AccessDenied, "expired or not valid", id=code)
        for code in (
            "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidClientTokenId",
            "InvalidSignatureException", "MissingAuthenticationToken", "RequestExpired",
            "SignatureDoesNotMatch", "UnrecognizedClientException",
        )
    ],
    *[
        pytest.param(code, 403, errors.AccessDenied, "was denied: it needs", id=code)
        for code in ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation")
    ],
    *[
        pytest.param(code, 400, errors.Temporary, "run again later", id=code)
        for code in (
            "InternalFailure", "InternalServiceError", "PriorRequestNotComplete",
            "RequestTimeout", "RequestTimeoutException", "ServiceUnavailable",
        )
    ],
    *[
        pytest.param(code, 400, errors.Throttled, "too many calls at once", id=code)
        for code in (
            "RequestLimitExceeded", "RequestThrottledException", "SlowDown", "Throttling",
            "ThrottlingException", "ThrottledException", "TooManyRequestsException",
        )
    ],
    *[
        pytest.param("AnyCode", status, errors.Temporary, "run again later", id=f"HTTP {status}")
        for status in (500, 502, 503, 504)
    ],
    *[
        pytest.param(code, 400, errors.StoreError, "Told by AWS.", id=code)
        for code in (
            "InvalidParameterException", "LimitExceededException",
            "MalformedPolicyDocumentException",
            "PreconditionNotMetException", "PublicPolicyException", "ValidationException",
            "UnknownOperationException", "RegionDisabledException", "NeverSeenBefore",
        )
    ],
    *[
        pytest.param(code, 400, errors.StoreError, "CancelKeyDeletion; if it is disabled, Enable",
                     id=code)
        for code in ("EncryptionFailure", "DecryptionFailure")
    ],
]  # fmt: skip


@pytest.mark.parametrize("name", ["n", LONG], ids=["short name", "512 characters"])
@pytest.mark.parametrize(("code", "status", "kind", "says"), KINDS)
def test_kinds(code: str, status: int, kind: type[Exception], says: str, name: str) -> None:
    """The same for every operation that we call, where it is no conflict by the table above."""
    conflicts = {operation for operation, told, _ in CONFLICTS if told == code}
    for operation in aws_errors.PERMISSIONS.keys() - conflicts:
        subject = aws_errors.Subject(operation, name)
        told = aws_errors.from_service(answer(code, status=status), subject)
        assert type(told) is kind
        text = str(told)
        assert len(text) <= errors.LIMIT
        assert text.startswith(f"{operation} of {errors.short(name)}")
        assert says in text
        if isinstance(told, errors.StoreError):
            assert (told.code, code in text) == (code, True)


REPLICAS_LEFT = "You can't delete secret n that still has replica regions [eu-west-1]"
STATES_IN_TEXT: list[Any] = [
    pytest.param("DeleteSecret", REPLICAS_LEFT, plan.Conflict, id="replicas that are still there"),
    pytest.param(
        "DeleteSecret", "You can't delete secret n that still has an associated cross-account "
        "replica", plan.Conflict, id="another account's replica: a look tells which",
    ),
    pytest.param("DeleteSecret", "The RecoveryWindowInDays value must be between 7 and 30 days.",
                 errors.StoreError, id="nothing about replicas"),
    pytest.param("TagResource", REPLICAS_LEFT, errors.StoreError, id="no deletion"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "text", "kind"), STATES_IN_TEXT)
def test_what_keeps_a_secret_from_being_deleted(
    operation: str, text: str, kind: type[object]
) -> None:
    """A removed replica is listed for some moments more, so a look is worth while."""
    told = aws_errors.from_service(answer(IPE, text), aws_errors.Subject(operation, "n"))
    assert type(told) is kind


UNKNOWN_PRINCIPAL = "This resource policy contains an unsupported principal."
POLICIES: list[Any] = [
    pytest.param("MalformedPolicyDocumentException", UNKNOWN_PRINCIPAL, True,
                 id="a principal that AWS does not know yet"),
    pytest.param("MalformedPolicyDocumentException", "Invalid PRINCIPAL in policy.", True,
                 id="the same in other words"),
    pytest.param("MalformedPolicyDocumentException", "This resource policy contains a syntax "
                 "error.", False, id="no JSON: waiting changes nothing"),
    pytest.param("ValidationException", UNKNOWN_PRINCIPAL, False, id="another code"),
    pytest.param("PublicPolicyException", "It names every principal.", False,
                 id="a policy that lets everyone in"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "later"), POLICIES)
def test_a_policy_that_may_be_taken_later(code: str, text: str, *, later: bool) -> None:
    """A role that was just made is known everywhere only after some time."""
    told = aws_errors.from_service(answer(code, text), aws_errors.Subject("PutResourcePolicy", "n"))
    if later:
        assert told == plan.Later(code, text)
    else:
        assert isinstance(told, errors.StoreError)
        assert told.code == code
        assert text in str(told)


def test_a_policy_that_lets_everyone_in_is_refused_with_the_services_words() -> None:
    text = "You can't attach this policy: it would give public access to the secret."
    told = aws_errors.from_service(
        answer("PublicPolicyException", text), aws_errors.Subject("PutResourcePolicy", "n")
    )
    assert str(told) == f"PutResourcePolicy of n was refused with PublicPolicyException: {text}"


@pytest.mark.parametrize("status", [400, 499])
def test_a_status_below_500_is_not_temporary(status: int) -> None:
    subject = aws_errors.Subject("CreateSecret", "n")
    assert isinstance(
        aws_errors.from_service(answer("Odd", "t", status), subject), errors.StoreError
    )


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({}, id="nothing at all"),
        pytest.param({"Error": {}}, id="no code"),
        pytest.param({"Error": {"Code": None, "Message": None}}, id="nulls"),
    ],
)
def test_an_answer_without_a_code(odd: dict[str, Any]) -> None:
    told = aws_errors.from_service(odd, aws_errors.Subject("CreateSecret", "n"))
    assert isinstance(told, errors.StoreError)
    assert str(told).startswith("CreateSecret of n was refused with ")


@pytest.mark.parametrize("code", [IPE, "ValidationException", "SerializationException"])
def test_a_text_that_may_repeat_the_value_is_withheld(code: str) -> None:
    """Even in part, even in another spelling: only calls without a value get AWS's text."""
    valued = aws_errors.Subject("CreateSecret", "n", Sealed("hunter2"))
    told = aws_errors.from_service(answer(code, "at 'hunt"), valued)
    assert str(told) == (
        f"CreateSecret of n was refused with {code}: its text is withheld, as it may repeat the "
        "value"
    )
    plain = aws_errors.from_service(
        answer(code, "too long"), aws_errors.Subject("TagResource", "n")
    )
    assert str(plain) == f"TagResource of n was refused with {code}: too long"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        pytest.param("hunter2", "hunter2", id="text"),
        pytest.param("hunter2", "aHVudGVyMg==", id="text in base64"),
        pytest.param(b"hunter2", "hunter2", id="binary as text"),
        pytest.param(b"hunter2", "aHVudGVyMg==", id="binary in base64"),
        pytest.param("two\n  words", "two\n  words", id="white space is told as one space"),
        pytest.param(b"\xff\xfe\xfd", "//79", id="no text at all"),
    ],
)
def test_the_value_is_cut_out(value: str | bytes, said: str) -> None:
    subject = aws_errors.Subject("CreateSecret", "n", Sealed(value))
    told = aws_errors.from_service(answer("LimitExceededException", f"No: {said}, no."), subject)
    assert str(told) == (
        "CreateSecret of n was refused with LimitExceededException: No: [sealed], no."
    )


def test_a_long_text_is_clipped() -> None:
    told = aws_errors.from_service(
        answer("Odd", "x" * 5000), aws_errors.Subject("TagResource", LONG)
    )
    assert len(str(told)) <= errors.LIMIT
    assert str(told).endswith("…")


SDK: list[Any] = [
    (sdk.ParamValidationError, errors.InvalidInput, "malformed"),
    (sdk.NoRegionError, errors.InvalidInput, "no region"),
    (sdk.ProfileNotFound, errors.AccessDenied, "profile was not found"),
    (sdk.NoCredentialsError, errors.AccessDenied, "no usable AWS credentials"),
    (sdk.PartialCredentialsError, errors.AccessDenied, "no usable AWS credentials"),
    (sdk.CredentialRetrievalError, errors.AccessDenied, "no usable AWS credentials"),
    (sdk.TokenRetrievalError, errors.AccessDenied, "no usable AWS credentials"),
    (sdk.SSOTokenLoadError, errors.AccessDenied, "no usable AWS credentials"),
    (sdk.UnauthorizedSSOTokenError, errors.AccessDenied, "no usable AWS credentials"),
    (sdk.EndpointConnectionError, errors.Temporary, "got no answer"),
    (sdk.ConnectTimeoutError, errors.Temporary, "got no answer"),
    (sdk.ReadTimeoutError, errors.Temporary, "got no answer"),
    (sdk.ConnectionClosedError, errors.Temporary, "got no answer"),
    (sdk.ProxyConnectionError, errors.Temporary, "got no answer"),
    (sdk.SSLError, errors.Temporary, "got no answer"),
    (sdk.HTTPClientError, errors.Temporary, "got no answer"),
    (sdk.UnknownServiceError, errors.StoreError, "failed in the SDK (UnknownServiceError)"),
    (sdk.InvalidConfigError, errors.StoreError, "failed in the SDK (InvalidConfigError)"),
    (sdk.BotoCoreError, errors.StoreError, "failed in the SDK (BotoCoreError)"),
]


@pytest.mark.parametrize("name", ["n", LONG], ids=["short name", "512 characters"])
@pytest.mark.parametrize(("raised", "kind", "says"), SDK, ids=[row[0].__name__ for row in SDK])
def test_sdk_exceptions(
    raised: type[Exception], kind: type[Exception], says: str, name: str
) -> None:
    told = aws_errors.from_sdk(raised, aws_errors.Subject("CreateSecret", name))
    assert type(told) is kind
    assert says in str(told)
    assert str(told).startswith(f"CreateSecret of {errors.short(name)}")
    assert len(str(told)) <= errors.LIMIT
    if isinstance(told, errors.StoreError):
        assert told.code == raised.__name__


def test_a_subclass_that_the_sdk_does_not_have_yet() -> None:
    """It means what its parent means."""
    newer = type("NewTimeout", (sdk.ReadTimeoutError,), {})
    told = aws_errors.from_sdk(newer, aws_errors.Subject("CreateSecret", "n"))
    assert type(told) is errors.Temporary
    assert "NewTimeout" in str(told)
