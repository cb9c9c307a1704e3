"""What templates can have the function read, rotate by, and open: what the installation names.

Cases for single properties stand in `cases`; here an attacker tries to get around a pattern. The
victim's values are in the account, where the function could read them if it wanted to.
"""

from __future__ import annotations

from typing import Any

import pytest

from protocol.stack import SECRET, Stack
from protocol.world import ACCOUNT, REGION, Delivery, World

VALUE = "victims-value"
PARAMETERS = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter"
ABROAD = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret"
SECRETS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
FUNCTIONS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
ALLOWED = {
    "ALLOWED_VALUE_SOURCES": f"{PARAMETERS}/shared/*,{SECRETS}:shared/api-??????",
    "ALLOWED_ROTATION_FUNCTIONS": f"{FUNCTIONS}:rotate-*",
}
WIDEST = {
    "ALLOWED_VALUE_SOURCES": "arn:aws:ssm:*:*:parameter/*,arn:aws:secretsmanager:*:*:secret:*",
    "ALLOWED_ROTATION_FUNCTIONS": "arn:aws:lambda:*:*:function:*",
}


@pytest.fixture
def victims(world: World) -> World:
    """A world where everything that must not be read, can be."""
    world.install(**ALLOWED)
    for name in ("/private/db", "/Shared/db", "/sharedness/db", "shared", "/shared"):
        world.aws.add_parameter(name, VALUE)
        for elsewhere in ({"region": "us-east-1"}, {"account": "999999999999"}):
            world.aws.add_parameter(name, VALUE, **elsewhere)
    world.aws.add_parameter("/shared/db", "everybodys", region=REGION)
    world.aws.add_parameter("/shared/db", VALUE, region="us-east-1")
    world.aws.add_parameter("/shared/db", VALUE, account="999999999999")
    for name in ("victim/Secret", "shared/api2", "Shared/api", "shared/api-AbCdEf/more"):
        world.aws.by_hand("CreateSecret", Name=name, SecretString=VALUE)
    world.aws.by_hand("CreateSecret", Name="shared/api", SecretString="everybodys")
    world.aws.by_hand("CreateSecret", Name="shared/api", SecretString=VALUE, region="us-east-1")
    return world


def copies(world: World) -> list[str]:
    """Return the names of secrets of stacks that have the victim's value."""
    return [
        one.name
        for one in world.aws.secrets()
        if one.value == VALUE and "recoverable-secrets:owner" in one.tags
    ]


def reads(*made: Delivery) -> list[str]:
    """Return the calls that read a value."""
    wanted = {"GetParameter", "GetSecretValue"}
    return [call.action for each in made for call in each.calls if call.action in wanted]


@pytest.mark.parametrize("service", ["ssm_parameter", "secret"])
def test_what_is_named_is_read(victims: World, service: str) -> None:
    """So that the refusals below mean something."""
    place = {"ssm_parameter": {"SsmParameter": "/shared/db"}, "secret": {"Secret": "shared/api"}}
    Stack(victims, "thief").create({"ValueFrom": place[service]}).expect_success()
    assert victims.aws.secret("thief/Secret").value == "everybodys"


PLACES: list[tuple[str, dict[str, Any]]] = [
    ("another path", {"SsmParameter": "/private/db"}),
    ("up and down", {"SsmParameter": "/shared/../private/db"}),
    ("up by two", {"SsmParameter": "/shared/x/../../private/db"}),
    ("a dot", {"SsmParameter": "/shared/./db"}),
    ("in capitals", {"SsmParameter": "/Shared/db"}),
    ("a path that begins so", {"SsmParameter": "/sharedness/db"}),
    ("the path itself", {"SsmParameter": "/shared"}),
    ("without its slash", {"SsmParameter": "shared"}),
    ("a wildcard", {"SsmParameter": "/*/db"}),
    ("a wildcard for one", {"SsmParameter": "/?rivate/db"}),
    ("a set of characters", {"SsmParameter": "/[p]rivate/db"}),
    ("the pattern as its name", {"SsmParameter": "/shared/*"}),
    ("a line end", {"SsmParameter": "/private/db\n/shared/db"}),
    ("a comma", {"SsmParameter": "/private/db,/shared/db"}),
    ("a version that looks allowed", {"SsmParameter": "/private/db:/shared/db"}),
    ("another region", {"SsmParameter": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/shared/db"}),
    ("another account", {"SsmParameter": f"arn:aws:ssm:{REGION}:999999999999:parameter/shared/db"}),
    ("no account", {"SsmParameter": f"arn:aws:ssm:{REGION}::parameter/shared/db"}),
    ("another partition", {"SsmParameter": PARAMETERS.replace("aws", "aws-cn") + "/shared/db"}),
    ("colons that move parts", {"SsmParameter": f"{PARAMETERS}/private/db:parameter/shared/db"}),
    ("a secret as a parameter", {"SsmParameter": "/aws/reference/secretsmanager/victim/Secret"}),
    ("a secret's ARN as a parameter", {"SsmParameter": f"{SECRETS}:shared/api-AbCdEf"}),
    ("another secret", {"Secret": "victim/Secret"}),
    ("a secret that begins so", {"Secret": "shared/api2"}),
    ("a longer one", {"Secret": "shared/api-AbCdEf/more"}),
    ("a secret in capitals", {"Secret": "Shared/api"}),
    ("a wildcard for a secret", {"Secret": "*"}),
    ("question marks", {"Secret": "victim/Secre?"}),
    ("another region's", {"Secret": f"{ABROAD}:shared/api-AbCdEf"}),
    ("a parameter's ARN as a secret", {"Secret": f"{PARAMETERS}/shared/db"}),
    ("part of an ARN", {"Secret": f"{SECRETS}:shared/api"}),
    ("a file", {"File": "/etc/passwd"}),
    ("the environment", {"EnvironmentVariable": "AWS_SECRET_ACCESS_KEY"}),
    ("the environment beside a parameter",
     {"SsmParameter": "/shared/db", "EnvironmentVariable": "PATH"}),
    ("a file in another spelling", {"file": "/etc/passwd"}),
    ("no mapping", "/private/db"),  # type: ignore[list-item]
    ("a list", [{"SsmParameter": "/private/db"}]),  # type: ignore[list-item]
]  # fmt: skip


@pytest.mark.parametrize("place", [row[1] for row in PLACES], ids=[row[0] for row in PLACES])
def test_nothing_else_is_read(victims: World, place: Any) -> None:
    """In a Create, in an Update, and in the Updates of a rollback, as new or as old properties."""
    properties = {"ValueFrom": place, "ValueVersion": "2"}
    made = [*Stack(victims, "thief").deploy({SECRET: properties})]
    made[0].expect_failure()
    stack = Stack(victims, "mole")
    made.append(stack.create({"ValueFrom": {"SsmParameter": "/shared/db"}, "ValueVersion": "1"}))
    made[-1].expect_success()
    own, before = made[-1].id, len(reads(*made))
    made += stack.deploy({SECRET: properties})
    for status in ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"):
        stack.record.becomes(status)
        made.append(stack.send("Update", properties, old={"SecretString": "x"}, id=own))
        made.append(stack.send("Update", {"SecretString": "x"}, old=properties, id=own))
        stack.record.becomes("UPDATE_COMPLETE")
    assert before == 1
    assert len(reads(*made)) == before
    assert copies(victims) == []
    assert all(VALUE.encode() not in put.body for each in made for put in each.puts)


WIDE = [row for row in PLACES if row[0] in {
    "up and down", "a dot", "a wildcard", "a set of characters", "a line end", "a comma",
    "a secret as a parameter", "a secret's ARN as a parameter", "a wildcard for a secret",
    "question marks", "a parameter's ARN as a secret", "part of an ARN", "a file",
    "the environment", "the environment beside a parameter", "a file in another spelling",
    "no mapping", "a list",
}]  # fmt: skip


@pytest.mark.parametrize("place", [row[1] for row in WIDE], ids=[row[0] for row in WIDE])
def test_the_widest_pattern_opens_neither_files_nor_odd_names(victims: World, place: Any) -> None:
    victims.install(**WIDEST)
    made = Stack(victims, "thief").create({"ValueFrom": place})
    made.expect_failure()
    assert reads(made) == []
    assert copies(victims) == []


ROTATORS = {
    "another function": f"{FUNCTIONS}:other",
    "one that ends so": f"{FUNCTIONS}:do-not-rotate-db",
    "in capitals": f"{FUNCTIONS}:Rotate-db",
    "another account": f"arn:aws:lambda:{REGION}:999999999999:function:rotate-db",
    "another region": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotate-db",
    "a name": "rotate-db",
    "a wildcard": f"{FUNCTIONS}:*",
    "another service": f"arn:aws:states:{REGION}:{ACCOUNT}:function:rotate-db",
    "colons that move the parts": f"{FUNCTIONS}:other:function:rotate-db",
    "a line end": f"{FUNCTIONS}:rotate-db\n",
}


@pytest.mark.parametrize("function", ROTATORS.values(), ids=ROTATORS)
def test_only_named_functions_rotate(victims: World, function: str) -> None:
    """Who rotates a value reads it and puts another: that is nobody's but who was named."""
    rules = {"RotationRules": {"AutomaticallyAfterDays": 30}}
    properties = {"SecretString": "own", "RotationLambdaARN": function, **rules}
    thief = Stack(victims, "thief")
    thief.deploy({SECRET: properties})[0].expect_failure()
    mole = Stack(victims, "mole")
    made = mole.create({"SecretString": "own"})
    mole.deploy({SECRET: properties})
    mole.record.becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    made = mole.send("Update", properties, old={"SecretString": "own"}, id=made.id)
    assert made.answer
    assert not [call for each in victims.deliveries for call in each.actions if "Rotate" in call]
    assert not victims.aws.secret("mole/Secret").rotation


PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


@pytest.mark.parametrize("said", ["false", "False", "no", "0", "", False])
def test_a_policy_for_everyone_is_never_set(victims: World, said: object) -> None:
    """Neither declared nor in a rollback, where bad properties are not refused."""
    properties = {"SecretString": "own", "ResourcePolicy": PUBLIC, "BlockPublicPolicy": said}
    stack = Stack(victims)
    made = stack.create({"SecretString": "own"})
    assert stack.deploy({SECRET: properties})[0].answer
    stack.record.becomes("UPDATE_ROLLBACK_IN_PROGRESS")
    assert stack.send("Update", properties, old={"SecretString": "own"}, id=made.id).answer
    puts = [c for each in victims.deliveries for c in each.calls if c.action == "PutResourcePolicy"]
    assert all(call.parameters["BlockPublicPolicy"] is True for call in puts)
    assert victims.aws.secret("shop/Secret").policy is None
