"""What the OpenAPI schema says of every operation."""

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    pass
