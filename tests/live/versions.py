"""Values, versions, tokens and staging labels."""

from __future__ import annotations

from .outcome import Outcome
from .rows import Rows
from .scene import Scene

rows = Rows("Versions")

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


def _two(at: Scene) -> tuple[str, str, str]:
    """Create a secret with two versions; return its name and their ids."""
    first, second = at.token("first"), at.token("second")
    name = at.live(SecretString="1", ClientRequestToken=first)
    at.do("PutSecretValue", SecretId=name, SecretString="2", ClientRequestToken=second)
    return name, first, second


@rows.add("CreateSecret again, same token and value", "S")
def create_again(at: Scene) -> Outcome:
    """200, does nothing."""
    token = at.token("first")
    name = at.live(ClientRequestToken=token)
    again = at.ask(
        "CreateSecret", Name=name, SecretString="v", ClientRequestToken=token, show=("VersionId",)
    )
    return again.also(labels=at.labels(name))


@rows.add("CreateSecret again, same token, other value", "S")
def create_other_value(at: Scene) -> Outcome:
    """REE."""
    token = at.token("first")
    name = at.live(ClientRequestToken=token)
    return at.ask("CreateSecret", Name=name, SecretString="w", ClientRequestToken=token)


@rows.add("CreateSecret on pending, same token and value", "S", quoted=True)
def create_again_on_pending(at: Scene) -> Outcome:
    """IRE, as with any token."""
    token = at.token("first")
    name = at.pending(ClientRequestToken=token)
    return at.ask("CreateSecret", Name=name, SecretString="v", ClientRequestToken=token)


@rows.add("The token becomes the version id", "D")
def token_is_version(at: Scene) -> Outcome:
    """In Create, Put and Update."""
    name, first, _ = _two(at)
    third = at.token("third")
    answer = at.ask(
        "UpdateSecret",
        SecretId=name,
        SecretString="3",
        ClientRequestToken=third,
        show=("VersionId",),
    )
    known = at.ask("GetSecretValue", SecretId=name, VersionId=first)
    return answer.also(labels=at.labels(name), first=known.code)


@rows.add("PutSecretValue, current token, same value: a comparison", "D")
def put_same(at: Scene) -> Outcome:
    """It does nothing."""
    token = at.token("first")
    name = at.live(ClientRequestToken=token)
    again = at.ask(
        "PutSecretValue",
        SecretId=name,
        SecretString="v",
        ClientRequestToken=token,
        show=("VersionId", "VersionStages"),
    )
    return again.also(labels=at.labels(name))


@rows.add("PutSecretValue, current token, other value", "D")
def put_other(at: Scene) -> Outcome:
    """REE, and the value stays."""
    token = at.token("first")
    name = at.live(ClientRequestToken=token)
    put = at.ask("PutSecretValue", SecretId=name, SecretString="w", ClientRequestToken=token)
    return put.also(value=at.value(name))


@rows.add("PutSecretValue, current token, same bytes as binary", "E")
def put_binary(at: Scene) -> Outcome:
    """Text and binary are different."""
    token = at.token("first")
    name = at.live(ClientRequestToken=token)
    return at.ask("PutSecretValue", SecretId=name, SecretBinary=b"v", ClientRequestToken=token)


@rows.add("PutSecretValue, old token, same value", "D")
def put_old(at: Scene) -> Outcome:
    """It does not move AWSCURRENT back."""
    name, first, _ = _two(at)
    again = at.ask(
        "PutSecretValue",
        SecretId=name,
        SecretString="1",
        ClientRequestToken=first,
        show=("VersionStages",),
    )
    return again.also(value=at.value(name))


def _update(at: Scene, value: str) -> Outcome:
    token = at.token("first")
    name = at.live(ClientRequestToken=token)
    update = at.ask("UpdateSecret", SecretId=name, SecretString=value, ClientRequestToken=token)
    return update.also(value=at.value(name))


@rows.add("UpdateSecret, current token, same value", "D")
def update_same(at: Scene) -> Outcome:
    """An error by the text of the documentation."""
    return _update(at, "v")


@rows.add("UpdateSecret, current token, other value", "D")
def update_other(at: Scene) -> Outcome:
    """REE."""
    return _update(at, "w")


@rows.add("UpdateSecret without a value makes no version", "D")
def update_without_value(at: Scene) -> Outcome:
    """The token is not used up either."""
    token, fresh = at.token("first"), at.token("fresh")
    name = at.live(ClientRequestToken=token)
    answer = at.ask("UpdateSecret", SecretId=name, Description="d", ClientRequestToken=fresh)
    return answer.also(labels=at.labels(name))


@rows.add("UpdateSecret with an empty description clears it", "D")
def clear_description(at: Scene) -> Outcome:
    """DescribeSecret leaves it out, or shows it empty."""
    name = at.live(Description="d")
    answer = at.ask("UpdateSecret", SecretId=name, Description="")
    return answer.also(description=at.described(name).get("Description") or "none")


@rows.add("KmsKeyId is left out for the managed key", "D")
def managed_key(at: Scene) -> Outcome:
    """However it was asked for."""
    name = at.live(KmsKeyId="alias/aws/secretsmanager")
    created = "KmsKeyId" in at.described(name)
    answer = at.ask("UpdateSecret", SecretId=name, KmsKeyId="")
    return answer.also(shown=created, after="KmsKeyId" in at.described(name))


@rows.add("The third value leaves the first one without a label", "D")
def third_put(at: Scene) -> Outcome:
    """DescribeSecret tells labelled versions only."""
    name, first, _ = _two(at)
    third = at.token("third")
    at.do("PutSecretValue", SecretId=name, SecretString="3", ClientRequestToken=third)
    everything = at.do("ListSecretVersionIds", SecretId=name, IncludeDeprecated=True)["Versions"]
    usual = at.do("ListSecretVersionIds", SecretId=name)["Versions"]
    return at.ask("GetSecretValue", SecretId=name, VersionId=first).also(
        labels=at.labels(name),
        listed=at.words.value(sorted(at.words.of(one["VersionId"]) for one in usual)),
        deprecated=at.words.value(sorted(at.words.of(one["VersionId"]) for one in everything)),
    )


@rows.add("CreateSecret without a value", "D")
def create_without_value(at: Scene) -> Outcome:
    """No version."""
    name = at.name()
    answer = at.ask("CreateSecret", Name=name)
    return answer.also(labels=at.labels(name))


@rows.add("GetSecretValue of a secret without a value", "T")
def get_without_value(at: Scene) -> Outcome:
    """RNF, which says nothing about the secret."""
    name = at.name()
    at.do("CreateSecret", Name=name)
    return at.ask("GetSecretValue", SecretId=name)


@rows.add("GetSecretValue, binary", "D")
def get_binary(at: Scene) -> Outcome:
    """What was put, as it was put."""
    name = at.name()
    at.do("CreateSecret", Name=name, SecretBinary=b"\x00\xff")
    return at.ask("GetSecretValue", SecretId=name, show=("SecretBinary",))


@rows.add("GetSecretValue, unknown version", "E")
def get_unknown(at: Scene) -> Outcome:
    """RNF."""
    return at.ask("GetSecretValue", SecretId=at.live(), VersionId=at.token("unknown"))


@rows.add("GetSecretValue, version and label that disagree", "E")
def get_contradiction(at: Scene) -> Outcome:
    """IRE."""
    name, first, _ = _two(at)
    return at.ask("GetSecretValue", SecretId=name, VersionId=first, VersionStage=CURRENT)


@rows.add("Labels of one's own stay where they are", "D")
def own_labels(at: Scene) -> Outcome:
    """A put moves AWSCURRENT and AWSPREVIOUS only."""
    first, second = at.token("first"), at.token("second")
    name = at.live(ClientRequestToken=first)
    at.do("UpdateSecretVersionStage", SecretId=name, VersionStage="mine", MoveToVersionId=first)
    put = at.ask("PutSecretValue", SecretId=name, SecretString="2", ClientRequestToken=second)
    return put.also(labels=at.labels(name))


@rows.add("AWSCURRENT cannot be removed", "D")
def remove_current(at: Scene) -> Outcome:
    """Only moved."""
    name, _, second = _two(at)
    return at.ask(
        "UpdateSecretVersionStage",
        SecretId=name,
        VersionStage=CURRENT,
        RemoveFromVersionId=second,
    )


@rows.add("AWSCURRENT cannot be moved without saying from where", "D")
def move_current_blindly(at: Scene) -> Outcome:
    """IPE."""
    name, first, _ = _two(at)
    return at.ask(
        "UpdateSecretVersionStage", SecretId=name, VersionStage=CURRENT, MoveToVersionId=first
    )


@rows.add("AWSCURRENT moved: AWSPREVIOUS goes where it was", "D")
def move_current(at: Scene) -> Outcome:
    """The value is the old one again."""
    name, first, second = _two(at)
    answer = at.ask(
        "UpdateSecretVersionStage",
        SecretId=name,
        VersionStage=CURRENT,
        MoveToVersionId=first,
        RemoveFromVersionId=second,
    )
    return answer.also(labels=at.labels(name), value=at.value(name))


@rows.add("AWSCURRENT moved from a version that does not have it", "E")
def move_current_from_elsewhere(at: Scene) -> Outcome:
    """IPE: the API reference says no more than "the operation fails"."""
    first, second, third = at.token("first"), at.token("second"), at.token("third")
    name = at.live(SecretString="1", ClientRequestToken=first)
    for token in (second, third):
        at.do("PutSecretValue", SecretId=name, SecretString="2", ClientRequestToken=token)
    answer = at.ask(
        "UpdateSecretVersionStage",
        SecretId=name,
        VersionStage=CURRENT,
        MoveToVersionId=first,
        RemoveFromVersionId=second,
    )
    return answer.also(labels=at.labels(name))


@rows.add("AWSCURRENT moved once more, to where it is", "E")
def move_current_again(at: Scene) -> Outcome:
    """IPE, so that a repeated call whose answer was lost looks like a conflict."""
    name, first, second = _two(at)
    move = {
        "SecretId": name,
        "VersionStage": CURRENT,
        "MoveToVersionId": first,
        "RemoveFromVersionId": second,
    }
    at.do("UpdateSecretVersionStage", **move)
    return at.ask("UpdateSecretVersionStage", **move).also(labels=at.labels(name))


@rows.add("AWSCURRENT moved to an unknown version", "E")
def move_current_to_nowhere(at: Scene) -> Outcome:
    """RNF."""
    name, _, second = _two(at)
    answer = at.ask(
        "UpdateSecretVersionStage",
        SecretId=name,
        VersionStage=CURRENT,
        MoveToVersionId=at.token("unknown"),
        RemoveFromVersionId=second,
    )
    return answer.also(labels=at.labels(name))


@rows.add("AWSPREVIOUS can be removed", "D")
def remove_previous(at: Scene) -> Outcome:
    """The version is left without a label."""
    name, first, _ = _two(at)
    answer = at.ask(
        "UpdateSecretVersionStage", SecretId=name, VersionStage=PREVIOUS, RemoveFromVersionId=first
    )
    return answer.also(labels=at.labels(name))


@rows.add("BatchGetSecretValue tells errors per secret", "D")
def batch(at: Scene) -> Outcome:
    """One live, one pending, one absent."""
    names = [at.live(), at.pending(), at.name()]
    answer = at.do("BatchGetSecretValue", SecretIdList=names)
    errors = {one["SecretId"]: one["ErrorCode"] for one in answer["Errors"]}
    return at.words.answer(answer).also(
        values=len(answer["SecretValues"]), errors=at.words.value(errors)
    )
