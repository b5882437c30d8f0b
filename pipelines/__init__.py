"""Workforce EDI: from an extract to a representation gap that a board can trust.

The road, one module per stage: ingest, validate, freeze, measure, protect, report, publish. ``road`` walks it; ``cli``
and ``flows`` are its two doors. Everything else here serves a stage.
"""

import os

# Before anything imports NumPy: its matrices here are small, and a second thread of the linear algebra would only keep
# another core busy with waiting (measured: two fifths more of the processor's time, and no second saved).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
