"""Tests mirror the code path for path; suites that several parts must pass stand in contracts/, stand-ins in fakes/, stories in end_to_end/."""
