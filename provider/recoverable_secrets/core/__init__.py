"""The pure core: decides what to do with a secret, and does nothing itself.

No input or output, clock, randomness, environment or logging: pydantic and the standard library
only. Everything that a decision needs comes in as an argument.
"""
