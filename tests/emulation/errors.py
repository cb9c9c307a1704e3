"""The errors that AWS answers, with its own texts.

Every constructor returns an `AwsError`; the code that finds the problem raises it.
"""

from __future__ import annotations

from collections.abc import Iterable

FORBIDDEN = 403
SERVER_ERROR = 500


class AwsError(Exception):
    """An error answer of the service.

    Attributes:
        code: The error code, as botocore shows it.
        message: The text AWS sends with it.
        status: The HTTP status. JSON services answer 400 for every client error.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def invalid_request(message: str) -> AwsError:
    """Return an InvalidRequestException: the secret's state forbids the call."""
    return AwsError("InvalidRequestException", message)


def invalid_parameter(message: str) -> AwsError:
    """Return an InvalidParameterException: a value the service itself refuses."""
    return AwsError("InvalidParameterException", message)


def validation(message: str) -> AwsError:
    """Return a ValidationException: a value outside the API model's bounds."""
    return AwsError("ValidationException", message)


def exists(name: str) -> AwsError:
    """Return what CreateSecret answers on a live name."""
    return AwsError(
        "ResourceExistsException", f"The operation failed because the secret {name} already exists."
    )


def token_in_use(token: str, arn: str) -> AwsError:
    """Return what a known token with another value gets."""
    return AwsError(
        "ResourceExistsException",
        f"You can't use ClientRequestToken {token} because that value is already in use for a"
        f" version of secret {arn}.",
    )


def not_found() -> AwsError:
    """Return what every call on an unknown secret gets."""
    return AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")


def no_value(what: str) -> AwsError:
    """Return what GetSecretValue answers when the secret has no such version."""
    return AwsError(
        "ResourceNotFoundException",
        f"Secrets Manager can't find the specified secret value for {what}",
    )


def name_scheduled() -> AwsError:
    """Return what CreateSecret answers while the name is pending deletion or reserved."""
    return invalid_request(
        "You can't create this secret because a secret with this name is already scheduled for"
        " deletion."
    )


def marked_for_deletion() -> AwsError:
    """Return what most calls answer while deletion is pending."""
    return invalid_request(
        "You can't perform this operation on the secret because it was marked for deletion."
    )


def already_scheduled() -> AwsError:
    """Return what a second DeleteSecret answers."""
    return invalid_request(
        "You can't perform this operation on the secret because it was already scheduled for"
        " deletion."
    )


def was_deleted() -> AwsError:
    """Return one of the two answers of a secret that is being purged."""
    return invalid_request("You can't perform this operation on the secret because it was deleted.")


def not_marked() -> AwsError:
    """Return one of the two answers of RestoreSecret on a live secret."""
    return invalid_request(
        "You can't perform this operation on the secret because it isn't marked for deletion."
    )


def is_replica() -> AwsError:
    """Return what a write in a replica's region gets."""
    return invalid_parameter(
        "Operation not permitted on a replica secret. Call must be made in primary secret's region."
    )


def has_replicas(name: str, regions: Iterable[str]) -> AwsError:
    """Return what deleting a primary that has replicas gets, forced or not."""
    return invalid_parameter(
        f"You can't delete secret {name} that still has replica regions [{', '.join(regions)}]"
    )


def has_cross_account_replica(name: str) -> AwsError:
    """Return what deleting a primary with an associated cross-account replica gets."""
    return invalid_parameter(
        f"You can't delete secret {name} that still has an associated cross-account replica"
    )


def is_owned(service: str) -> AwsError:
    """Return what a write to a service-owned secret gets."""
    return invalid_request(
        f"You can't perform this operation on the secret because it is managed by {service}."
    )


def access_denied(caller: str, permission: str, resource: str) -> AwsError:
    """Return IAM's refusal, in the form AWS writes it."""
    return AwsError(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {permission} on resource: {resource}"
        f" because no identity-based policy allows the {permission} action",
    )


def foreign_secret(caller: str, permission: str, resource: str) -> AwsError:
    """Return IAM's refusal of another account's secret that does not let the caller in."""
    return AwsError(
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: {permission} on resource: {resource}"
        f" because no resource-based policy allows the {permission} action",
    )


def kms_denied() -> AwsError:
    """Return the refusal when a KMS permission is missing."""
    return AwsError("AccessDeniedException", "Access to KMS is not allowed")


def expired_token() -> AwsError:
    """Return what temporary credentials past their end get."""
    return AwsError(
        "ExpiredTokenException", "The security token included in the request is expired"
    )


def unrecognized_client() -> AwsError:
    """Return what credentials that do not exist get."""
    return AwsError(
        "UnrecognizedClientException", "The security token included in the request is invalid."
    )


def malformed_policy(message: str) -> AwsError:
    """Return what PutResourcePolicy answers to a document it cannot take."""
    return AwsError("MalformedPolicyDocumentException", message)


def unknown_key(account: str, region: str, name: str) -> AwsError:
    """Return what DescribeKey answers for a key or an alias that is not there."""
    arn = f"arn:aws:kms:{region}:{account}"
    alias = name.startswith("alias/")
    message = (
        f"Alias {arn}:{name} is not found." if alias else f"Key '{arn}:key/{name}' does not exist"
    )
    return AwsError("NotFoundException", message)


def unknown_parameter() -> AwsError:
    """Return what GetParameter answers for a name that is not there: no text at all."""
    return AwsError("ParameterNotFound", "")


def invalid_key() -> AwsError:
    """Return what GetParameter answers when the parameter's key is disabled."""
    return AwsError("InvalidKeyId", "The KMS key of the parameter is not enabled.")


def throttled() -> AwsError:
    """Return the answer to too many calls; botocore's retries know the code."""
    return AwsError("ThrottlingException", "Rate exceeded")


def internal() -> AwsError:
    """Return the service's own failure."""
    return AwsError("InternalServiceError", "An error occurred on the server side.", SERVER_ERROR)


def unknown_operation(action: str) -> AwsError:
    """Return the answer to an action that the service does not have."""
    return AwsError("UnknownOperationException", f"The operation {action} does not exist.")
