"""The demo gateway's page as a Django application; installed only where the gateway is among those of the utility."""

from typing import Any

from django.apps import AppConfig
from django.core.signals import request_started


class DemoGatewayConfig(AppConfig):
    """Registers the page's template and style, and wakes the sender with the first request of each process."""

    name = "gridhall.integrations.demo_gateway"
    label = "demo_gateway"

    def ready(self) -> None:
        """Listen for the first request."""
        request_started.connect(_resume, dispatch_uid="demo_gateway.resume")


def _resume(**_: Any) -> None:
    request_started.disconnect(dispatch_uid="demo_gateway.resume")
    from gridhall.contexts.payments.ports import gateways
    from gridhall.integrations.demo_gateway.gateway import DemoGateway

    demo = gateways().get(DemoGateway.code)
    if isinstance(demo, DemoGateway):
        demo.resume()
