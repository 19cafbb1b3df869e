"""The child process that opens workbooks: ``python -m jalon.intake.workbook``.

A hostile workbook may abort the process or fill the memory: this one is bounded, and may die. It
imports no heavy library before its memory is bounded, so that it starts at once.
"""
