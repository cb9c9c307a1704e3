"""Faults to inject: what goes wrong between a caller and AWS, and in AWS itself.

`Aws.inject(faults.Throttle("DescribeSecret", times=2))` makes the next two DescribeSecret calls
fail. Faults act below the SDK's retry loop, so each attempt counts as a call.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Literal

from . import errors, wire

if TYPE_CHECKING:
    from .aws import Aws

ANY = "*"
Answer = wire.Response | wire.Dropped


@dataclasses.dataclass
class Fault:
    """The base: does nothing, counts the calls that it applies to.

    Args:
        action: AWS's name of the action, several of them, or "*" for every action.
        times: How many calls it hits; None for every one.
        nth: The first matching call that it hits, counted from 1.
        where: Which requests match, beside their action: a region, a secret, a caller.
    """

    action: str | Collection[str] = ANY
    times: int | None = 1
    nth: int = 1
    where: Callable[[wire.Request], bool] = lambda _request: True
    _seen: int = dataclasses.field(default=0, init=False, repr=False)

    def hits(self, request: wire.Request) -> bool:
        """Count a call and tell whether this fault applies to it."""
        wanted = {self.action} if isinstance(self.action, str) else set(self.action)
        if not (wanted & {ANY, request.action} and self.where(request)):
            return False
        self._seen += 1
        last = None if self.times is None else self.nth + self.times - 1
        return self._seen >= self.nth and (last is None or self._seen <= last)

    def before(self, _aws: Aws, _request: wire.Request) -> Answer | None:
        """Answer in the service's place, before anything is carried out; None goes on."""

    def after(self, _aws: Aws, _request: wire.Request, _response: wire.Response) -> Answer | None:
        """Answer something else after the call was carried out; None leaves the answer."""


@dataclasses.dataclass
class Refusing(Fault):
    """The base of those that answer an error and carry nothing out."""

    def error(self) -> errors.AwsError:
        """Return the error to answer."""
        return errors.internal()

    def before(self, _aws: Aws, _request: wire.Request) -> Answer | None:
        """Answer the error."""
        raise self.error()


@dataclasses.dataclass
class Error(Refusing):
    """An arbitrary error of AWS."""

    code: str = "InternalServiceError"
    message: str = "An error occurred on the server side."
    status: int = 400

    def error(self) -> errors.AwsError:
        """Return the error as given."""
        return errors.AwsError(self.code, self.message, self.status)


@dataclasses.dataclass
class InternalError(Refusing):
    """A 500 of the service, InternalServiceError, which botocore retries."""


@dataclasses.dataclass
class Throttle(Refusing):
    """Too many calls: ThrottlingException, which botocore retries."""

    def error(self) -> errors.AwsError:
        """Return "Rate exceeded"."""
        return errors.throttled()


@dataclasses.dataclass
class ExpiredToken(Refusing):
    """The credentials ran out."""

    def error(self) -> errors.AwsError:
        """Return ExpiredTokenException."""
        return errors.expired_token()


@dataclasses.dataclass
class InvalidCredentials(Refusing):
    """The credentials do not exist (any more)."""

    def error(self) -> errors.AwsError:
        """Return UnrecognizedClientException."""
        return errors.unrecognized_client()


@dataclasses.dataclass
class UnsupportedPrincipal(Refusing):
    """A policy that names a role just created: refused "for up to 2 minutes"."""

    action: str | Collection[str] = "PutResourcePolicy"

    def error(self) -> errors.AwsError:
        """Return MalformedPolicyDocumentException."""
        return errors.malformed_policy("This resource policy contains an unsupported principal.")


@dataclasses.dataclass
class ConnectionReset(Fault):
    """The connection breaks before the call is carried out."""

    def before(self, _aws: Aws, _request: wire.Request) -> Answer | None:
        """Drop the connection."""
        return wire.Dropped("connection reset")


@dataclasses.dataclass
class LostResponse(Fault):
    """The call is carried out, then the connection breaks: the caller cannot know."""

    def after(self, _aws: Aws, _request: wire.Request, _response: wire.Response) -> Answer | None:
        """Drop the connection."""
        return wire.Dropped("response lost")


@dataclasses.dataclass
class StaleDescribe(Fault):
    """DescribeSecret answers as before the last write, or RNF just after a create."""

    action: str | Collection[str] = "DescribeSecret"

    def before(self, aws: Aws, request: wire.Request) -> Answer | None:
        """Answer from the past; a secret never written to is answered normally."""
        return aws.stale_answer(request)


@dataclasses.dataclass
class Hook(Fault):
    """Calls the test back in between: to act as another user, or to kill a process.

    The callback may make calls of its own. What it raises reaches the caller in-process; over
    HTTP the connection breaks.
    """

    callback: Callable[[wire.Request], object] = lambda _request: None
    when: Literal["before", "after"] = "before"

    def before(self, _aws: Aws, request: wire.Request) -> Answer | None:
        """Call back before the call is carried out."""
        if self.when == "before":
            self.callback(request)
        return None

    def after(self, _aws: Aws, request: wire.Request, _response: wire.Response) -> Answer | None:
        """Call back after the call was carried out, before its answer leaves."""
        if self.when == "after":
            self.callback(request)
        return None
