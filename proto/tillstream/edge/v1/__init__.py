"""Version 1 of the agents' services: uplink, downlink, enrolment."""
