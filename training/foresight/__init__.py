"""What customers will do, whatever is decided: leave, need service, be dissatisfied; one path for all of it."""
