"""The control API: a mock's state, clock, faults and journal, below ``/_mock/``.

It has a contract of its own (``openapi.yaml``), bound like any other; its handlers are in ``operations``.
"""
