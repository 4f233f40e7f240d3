"""The fleet: who may speak for which store; certificates, enrolment, renewal, recovery, and shutting out."""
