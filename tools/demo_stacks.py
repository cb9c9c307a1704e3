"""The story of a secret that survives its stack, on real CloudFormation stacks on an emulator.

Each step deploys or deletes a stack whose `Custom::RecoverableSecret` is looked after by the Lambda
function of this repository, shows what the emulated AWS holds then, and checks what it claims.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from tools.stage import Stage

from stacks import emulator
from stacks.cloud import Cloud, Functions, Outcome, broken

NAME = "shop/Secret"
OTHERS_NAME = "shop/others"

VALUES = {
    "first-of-the-template": "the template's first",
    "second-of-the-template": "the template's second",
    "typed-in-by-a-person": "one that a person put",
    "of-somebody-else": "somebody else's",
}
FIRST, SECOND, PERSONS, OTHERS = VALUES


class Demo(Stage):
    """A stack with one secret, and now and then a resource that fails."""

    def __init__(self, cloud: Cloud, console: Console) -> None:
        """Make it; nothing is deployed yet."""
        super().__init__(cloud.aws, console, VALUES)
        self.cloud = cloud

    def deploy(self, *, first: bool = False, fails: bool = False, **declared: Any) -> Outcome:
        """Create or update the stack, and show what AWS holds then.

        Args:
            first: Create it.
            fails: Another resource fails after the secret was done.
            declared: Properties of the secret.
        """
        others = {"Other": broken("Secret")} if fails else {}
        template = self.cloud.template(others, **declared)
        if first:
            ends = "ROLLBACK_COMPLETE" if fails else "CREATE_COMPLETE"
            return self.shown("create-stack", self.cloud.create("shop", template, ends=ends))
        return self.shown("update-stack", self.cloud.update("shop", template))

    def refused(self, **declared: Any) -> str:
        """Update the stack in vain; return the reason that CloudFormation shows."""
        template = self.cloud.template(**declared)
        outcome = self.cloud.update("shop", template, ends="UPDATE_ROLLBACK_COMPLETE")
        return self.shown("update-stack", outcome).reason()

    def delete(self) -> None:
        """Delete the stack, and show what AWS holds then."""
        self.shown("delete-stack", self.cloud.delete("shop"))

    def shown(self, command: str, outcome: Outcome) -> Outcome:
        """Show how an operation ended, and a table of what AWS holds."""
        self.console.print(f"[cyan]$ aws cloudformation {command}[/]  [dim]{outcome.status}[/]")
        if outcome.reason():
            self.console.print(f"   [yellow]{outcome.reason()}[/]", highlight=False)
        self.show()
        return outcome


def story(demo: Demo) -> None:
    """Tell it, step by step."""
    aws = demo.aws
    demo.say("1. A stack with a secret")
    created = demo.deploy(first=True, SecretString=FIRST)
    born = aws.secret(NAME)
    demo.claim("the secret is live and holds the template's value", holds=born.value == FIRST)
    demo.claim("Ref is its full ARN", holds=created.outputs["Ref"] == born.arn)

    demo.say("2. Deleting the stack schedules the deletion")
    demo.delete()
    demo.claim("it is scheduled for deletion", holds=aws.secret(NAME).state == "pending")
    demo.claim("its value cannot be read meanwhile", holds=not demo.readable(NAME))

    demo.say("3. Creating the stack again restores it")
    again = demo.deploy(first=True, SecretString=FIRST)
    back = aws.secret(NAME)
    demo.claim(
        "it is live again under the same ARN", holds=(back.state, back.arn) == ("live", born.arn)
    )
    demo.claim("with the same version of the same value", holds=back.versions == born.versions)
    demo.claim("and says so: Restored is true", holds=again.outputs["Restored"] == "true")

    demo.say("4. A value that a person put survives")
    aws.put_by_hand(NAME, PERSONS)
    demo.delete()
    demo.deploy(first=True, SecretString=FIRST)
    kept = aws.secret(NAME)
    demo.claim(
        "the person's value is back, not the template's",
        holds=(kept.arn, kept.value) == (born.arn, PERSONS),
    )

    demo.say("5. Another resource fails, and the stack rolls back")
    demo.delete()
    demo.deploy(first=True, fails=True, SecretString=FIRST)
    demo.claim("what was restored is scheduled again", holds=aws.secret(NAME).state == "pending")
    demo.delete()
    demo.deploy(first=True, SecretString=FIRST)
    demo.claim("and the next try restores it again", holds=aws.secret(NAME).value == PERSONS)

    demo.say("6. Another name is another secret")
    demo.deploy(Name="shop/renamed", SecretString=SECOND)
    demo.claim("the new one is live", holds=aws.secret("shop/renamed").state == "live")
    demo.claim("the old one is scheduled, not destroyed", holds=aws.secret(NAME).state == "pending")

    demo.say("7. Somebody else's secret is refused")
    tags = [{"Key": "recoverable-secrets:owner", "Value": "cloudformation/other/Secret"}]
    aws.by_hand("CreateSecret", Name=OTHERS_NAME, SecretString=OTHERS, Tags=tags)
    before = aws.secret(OTHERS_NAME)
    reason = demo.refused(Name=OTHERS_NAME, SecretString=FIRST)
    demo.claim("the update fails and names the owner", holds="cloudformation/other" in reason)
    demo.claim("nothing of it was touched", holds=aws.secret(OTHERS_NAME) == before)

    demo.say("8. Force is for installations that allow it")
    reason = demo.refused(
        Name="shop/renamed", SecretString=SECOND, ForceDeleteWithoutRecovery="true"
    )
    demo.claim("by default it is refused", holds="AllowForceDelete" in reason)
    demo.delete()
    demo.claim("and the deletion is scheduled", holds=aws.secret("shop/renamed").state == "pending")


@contextlib.contextmanager
def stage(console: Console) -> Iterator[Demo]:
    """Yield a demo on a fresh emulator, which is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, emulator.start(Path(folder)) as running:
        cloud = Cloud(running, Functions(running))
        yield Demo(cloud, console)


def tell(console: Console) -> int:
    """Tell the story on CloudFormation; return how many claims failed."""
    console.rule("[bold magenta]CloudFormation")
    with stage(console) as demo:
        story(demo)
    return demo.failed
