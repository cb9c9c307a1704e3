# As much of pulumi-aws 7.51.1 as examples/07-migrate-pulumi-program uses. The package itself is
# 13 MB to fetch, far more on disk, and does nothing without its plugin.

from . import secretsmanager as secretsmanager
