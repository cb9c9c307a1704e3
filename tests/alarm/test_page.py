"""docs/access-alarm.md: its claims against the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import typer.main

from alarm import records
from alarm.test_parts import at
from recoverable_secrets.alarm import managed, parts, region
from recoverable_secrets.alarm.parts import Place
from recoverable_secrets.alarm.template import PARAMETERS
from recoverable_secrets.cli import alarm as command

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "access-alarm.md").read_text()
HERE = Place("aws", "us-east-1", "123456789012")


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """Return the cells of a section's table, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_all_settings_are_told() -> None:
    table = rows("Settings")
    told = [set(re.findall(r"`([^`]+)`", " ".join(cells))) for cells in zip(*table, strict=True)]
    assert told[0] == {*managed.SETTINGS, "name", "region"} | {
        "profile",
        "assume_role_arn",
        "allowed_account_ids",
    }
    assert told[2] == set(PARAMETERS)
    whole: Any = typer.main.get_command(command.app)
    options = {flag for each in whole.commands["install"].params for flag in each.opts}
    assert told[1] == options - {"--json", "--dry-run", "--help"}


def test_all_permissions_are_told() -> None:
    told = set()
    for _, text in rows("Permissions"):
        service = ""
        for each in re.findall(r"`([A-Za-z:]+)`", text):
            if ":" in each:
                service = each.partition(":")[0]
                told.add(each)
            elif service:
                told.add(f"{service}:{each}")
    needed = {one for each in region.PERMISSIONS.values() for one in each}
    needed |= {f"{s}:ListTagsForResource" for s in ("sns", "cloudwatch", "events")}
    assert told == needed | {"sts:GetCallerIdentity"}


def test_the_message_is_as_shown() -> None:
    (shown,) = re.findall("```\n(.*?)```", section("The message, with events"), re.DOTALL)
    text = "\n".join(parts.MESSAGE) + "\n"
    event = records.event(records.TELLS["by-name"])
    for word, path in parts.PATHS.items():
        text = text.replace(f"<{word}>", at(event, path))
    assert shown == text.replace(" \n", "\n")


def test_the_statement_is_the_one_that_a_made_topic_has() -> None:
    (shown,) = re.findall("```json\n(.*?)```", section("Settings"), re.DOTALL)
    made = parts.publishing(
        parts.Way.EVENTS, "TOPIC-ARN", "arn:aws:events:REGION:ACCOUNT:rule/NAME", "ACCOUNT"
    )
    statement = dict(made["Statement"][0])
    del statement["Sid"]
    assert json.loads(shown) == statement


def test_the_records_are_as_many_as_told() -> None:
    text = section("What is tested, and what is not")
    assert re.findall(r"of (\d+) (?:kinds|other)", text) == [
        str(len(records.TELLS)),
        str(len(records.QUIET)),
    ]
