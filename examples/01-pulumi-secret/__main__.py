"""A database password that survives its stack.

pulumi config set --secret password <the first password>
pulumi up        # creates it
pulumi destroy   # schedules its deletion
pulumi up        # restores it: same ARN, same value
"""

import pulumi

from recoverable_secrets import Secret

config = pulumi.Config()

password = Secret(
    "database-password",
    name=config.get("name"),
    description="Password of the application's database user",
    secret_string=config.require_secret("password"),
    recovery_window_in_days=config.get_int("window"),
    force_delete_without_recovery=config.get_bool("force"),
    tags={"service": "shop"},
)

pulumi.export("arn", password.arn)
pulumi.export("restored", password.restored)
