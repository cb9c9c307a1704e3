"""The story of a secret that survives its stack: on CloudFormation, then on Pulumi.

Real stacks on an emulator come first, as they need Python only (demo_stacks.py). Then each step
runs `pulumi up` or `pulumi destroy` of the real engine on examples/01-pulumi-secret, shows what the
emulated AWS holds, and checks what it claims. Exit code 1 if any claim fails.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pulumi import automation as auto
from rich.console import Console
from tools import demo_stacks, pulumi_cli
from tools.stage import ROOT, Stage

from e2e import engine as real
from emulation import Aws, Clock

PROGRAM = ROOT / "examples" / "01-pulumi-secret" / "__main__.py"
NAME = "shop/demo/database-password"
REGION = "eu-central-1"

# What stands in the tables in place of the values, which are never shown.
VALUES = {
    "first-of-the-program": "the program's first",
    "second-of-the-program": "the program's second",
    "typed-in-by-a-person": "one that a person put",
    "of-somebody-else": "somebody else's",
}
FIRST, SECOND, PERSONS, OTHERS = VALUES


class Demo(Stage):
    """A stack on the real engine."""

    def __init__(self, aws: Aws, engine: real.Engine, console: Console) -> None:
        """Make it; the arguments are running already."""
        super().__init__(aws, console, VALUES)
        self.engine = engine
        self.program = real.example(PROGRAM)

    def up(self, *, fails: bool = False, **settings: str) -> real.Run:
        """Run `pulumi up` with these settings, and show what AWS holds then."""
        self.configure(settings)
        return self.shown("pulumi up", self.engine.up(self.program, expect_failure=fails))

    def destroy(self) -> real.Run:
        """Run `pulumi destroy`, and show what AWS holds then."""
        return self.shown("pulumi destroy", self.engine.destroy())

    def configure(self, settings: Mapping[str, str]) -> None:
        """Set the stack's configuration: the password as a secret."""
        self.engine.configure(
            {
                f"shop:{key}": auto.ConfigValue(setting, secret=key == "password")
                for key, setting in settings.items()
            }
        )

    def shown(self, command: str, run: real.Run) -> real.Run:
        """Show the messages of a run and a table of what AWS holds."""
        self.console.print(f"[cyan]$ {command}[/]  [dim]{run.seconds:.1f} s, {run.steps}[/]")
        for line in dict.fromkeys(told(run)):
            self.console.print(f"   [yellow]{line}[/]", highlight=False)
        self.show()
        return run


def told(run: real.Run) -> Iterator[str]:
    """Yield what the provider told the user: its messages, and its errors without their traces."""
    for _, message in run.messages:
        for line in message.splitlines():
            if line.startswith(("recoverable-secrets: ", "recoverable_secrets.")):
                yield line.replace("recoverable_secrets.core.errors.", "error: ", 1)


def story(demo: Demo) -> None:
    """Tell it, step by step."""
    aws = demo.aws
    demo.say("1. Create")
    demo.up(password=FIRST)
    born = aws.secret(NAME)
    demo.claim("the secret is live and holds the program's value", holds=born.value == FIRST)

    demo.say("2. Destroy schedules the deletion")
    demo.destroy()
    pending = aws.secret(NAME)
    demo.claim("it is scheduled for deletion, 30 days from now", holds=pending.state == "pending")
    demo.claim("its value cannot be read meanwhile", holds=not demo.readable(NAME))

    demo.say("3. Up again restores it")
    demo.up()
    back = aws.secret(NAME)
    demo.claim(
        "it is live again under the same ARN", holds=(back.state, back.arn) == ("live", born.arn)
    )
    demo.claim("with the same value", holds=back.value == FIRST and demo.readable(NAME))
    demo.claim("and no new version was made", holds=back.versions == born.versions)

    demo.say("4. Another value in the program, on the way back")
    demo.destroy()
    demo.up(password=SECOND)
    changed = aws.secret(NAME)
    demo.claim(
        "the same ARN holds the program's new value",
        holds=(changed.arn, changed.value) == (born.arn, SECOND),
    )

    demo.say("5. A value that a person put survives")
    aws.put_by_hand(NAME, PERSONS)
    demo.destroy()
    demo.up()
    kept = aws.secret(NAME)
    demo.claim(
        "the person's value is back, not the program's",
        holds=(kept.arn, kept.value) == (born.arn, PERSONS),
    )

    demo.say("6. Somebody else's pending secret is refused")
    aws.by_hand(
        "CreateSecret",
        Name="shop/others",
        ClientRequestToken="x" * 32,
        SecretString=OTHERS,
        Tags=[{"Key": "recoverable-secrets:owner", "Value": "pulumi/other/prod/db"}],
    )
    aws.by_hand("DeleteSecret", SecretId="shop/others", RecoveryWindowInDays=7)
    before = aws.secret("shop/others")
    refused = demo.up(fails=True, name="shop/others")
    demo.claim(
        "pulumi up fails and names the owner", holds="pulumi/other/prod/db" in refused.output
    )
    demo.claim("nothing of it was touched", holds=aws.secret("shop/others") == before)
    demo.claim("ours is still live", holds=aws.secret(NAME).state == "live")

    demo.say("7. Force is final")
    demo.up(name=NAME, force="true")
    demo.destroy()
    demo.claim("nothing is left to restore", holds=aws.secret(NAME).state in {"purging", "absent"})
    aws.clock.advance(seconds=300)
    demo.up()
    anew = aws.secret(NAME)
    demo.claim(
        "the next up makes a new secret with another ARN",
        holds=anew.state == "live" and anew.arn != born.arn,
    )
    demo.claim("with the program's value: the person's is gone", holds=anew.value == SECOND)


@contextlib.contextmanager
def stage(console: Console) -> Iterator[Demo]:
    """Yield a demo on a fresh emulator and a fresh stack, both gone afterwards."""
    root = pulumi_cli.locate()
    aws = Aws(clock=Clock(), region=REGION)
    with tempfile.TemporaryDirectory() as folder, aws.serve() as url:
        env: dict[str, Any] = {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ENDPOINT_URL_KMS": url,
            "AWS_ENDPOINT_URL_SSM": url,
            "AWS_ACCESS_KEY_ID": "demo",
            "AWS_SECRET_ACCESS_KEY": "demo",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        engine = real.Engine(Path(folder), root=root, project="shop", stack="demo", env=env)
        yield Demo(aws, engine, console)


def tell(console: Console) -> int:
    """Tell the story on Pulumi; return how many claims failed."""
    console.rule("[bold magenta]Pulumi")
    with stage(console) as demo:
        story(demo)
    return demo.failed


STORIES = (demo_stacks.tell, tell)


def main() -> int:
    """Tell the stories; return 1 if a claim failed, as an exit code."""
    console = Console(width=118)
    failed = sum(each(console) for each in STORIES)
    console.rule()
    if failed:
        console.print(f"[red]{failed} claims do not hold.[/]")
        return 1
    console.print("[green]All claims hold.[/]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
