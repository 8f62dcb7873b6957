"""Dwell times: survival estimates, queues, staff."""
