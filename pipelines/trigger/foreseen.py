"""What conditions of triggers, and of holds before a message goes out, may read of what is foreseen."""

import logging

from decisioning.customer import Customer, FeatureValue
from decisioning.decide import Ports
from decisioning.errors import TsugiError

logger = logging.getLogger(__name__)


def foreseen_or_nothing(ports: Ports, customer: Customer) -> dict[str, FeatureValue]:
    """As `Ports.foreseen`; nothing, which no condition takes for true, where a bundle fails, and that is logged."""
    try:
        return ports.foreseen(customer)
    except TsugiError as error:
        logger.error("nothing is foreseen, so no condition that asks for it holds: %s", error.message)
        return {}
