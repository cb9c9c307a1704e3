"""Secrets that survive their stack."""
