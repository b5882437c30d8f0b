"""The specification of Workforce EDI, run as tests."""
