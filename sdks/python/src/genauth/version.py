"""The version of this client, as servers see it in `x-genauth-sdk-version`."""

__version__ = "0.1.0"
