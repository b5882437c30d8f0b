"""Workforce EDI: from an extract to a representation gap that a board can trust.

The road, one module per stage: ingest, validate, freeze, measure, publish, report. ``road`` walks it; ``cli`` and
``flows`` are its two doors. Everything else here serves a stage.
"""
