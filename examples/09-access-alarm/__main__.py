"""Be told when something still reads a secret whose deletion is scheduled.

pulumi config set --path 'email[0]' ops@example.com
pulumi up
"""

import pulumi

from recoverable_secrets import AccessAlarm

config = pulumi.Config()

alarm = AccessAlarm(
    "reads-of-pending-secrets",
    way=config.get("way") or "events",
    log_group_name=config.get("log-group"),  # with the way trail
    topic_arn=config.get("topic"),  # one of your own, in place of addresses
    email=config.get_object("email"),
    name_prefix=config.get("prefix"),
)

pulumi.export("topic", alarm.topic_arn)
