"""The real engine and the double for the tests of this folder, as the e2e tests have them."""

from __future__ import annotations

from e2e.conftest import (  # noqa: F401 - fixtures and a hook: pytest finds them here
    aws,
    aws_env,
    engine,
    make_engine,
    pulumi_root,
    pytest_collection_finish,
)
