"""Resource policies."""

from __future__ import annotations

import json

import pytest

IRE, MALFORMED = "InvalidRequestException", "MalformedPolicyDocumentException"
ROLE = "arn:aws:iam::123456789012:role/new"


def policy(principal, **more):
    """Return a policy that lets `principal` read."""
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return json.dumps({"Statement": [{**statement, "Principal": principal, **more}]})


@pytest.fixture
def put(sm):
    """Put a policy on a secret that is there."""
    sm.create_secret(Name="s", SecretString="v")
    return lambda document, **more: sm.put_resource_policy(
        SecretId="s", ResourcePolicy=document, **more
    )


def test_put_get_delete(aws, sm, put):
    """Kept as it was sent; deleting what is not there succeeds; a restore keeps it."""
    sm_policy = policy({"AWS": ROLE})
    put(sm_policy)
    sm.delete_secret(SecretId="s")
    sm.restore_secret(SecretId="s")
    assert sm.get_resource_policy(SecretId="s")["ResourcePolicy"] == sm_policy
    for _ in range(2):
        sm.delete_resource_policy(SecretId="s")
        assert "ResourcePolicy" not in sm.get_resource_policy(SecretId="s")
    assert aws.secret("s").policy is None


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": [ROLE, "*"]}])
def test_public(aws, put, refused, principal):
    """BlockPublicPolicy refuses a public policy; without it, or with a condition, it is taken."""
    code, _ = refused(put, document=policy(principal), BlockPublicPolicy=True)
    assert code == "PublicPolicyException"
    assert aws.secret("s").policy is None
    inside = policy(principal, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})
    put(inside, BlockPublicPolicy=True)
    put(policy(principal))
    assert aws.secret("s").policy == policy(principal)


@pytest.mark.parametrize("document", ["{", "[]", "{}", "text"])
def test_malformed(put, refused, document):
    """What is no policy document is refused."""
    assert refused(put, document=document)[0] == MALFORMED


@pytest.mark.parametrize("form", [{"AWS": ROLE}, {"AWS": ["123456789012", ROLE]}])
def test_new_principal_is_unknown_for_a_while(aws, put, refused, form):
    """Put right after creating the role: "unsupported principal" for up to 2 minutes."""
    aws.know_principal_after(ROLE, 120)
    aws.clock.advance(seconds=119)
    assert refused(put, document=policy(form)) == (
        MALFORMED,
        "This resource policy contains an unsupported principal.",
    )
    put(policy({"AWS": "123456789012"}))
    aws.clock.advance(seconds=1)
    put(policy(form))
    assert aws.secret("s").policy == policy(form)
