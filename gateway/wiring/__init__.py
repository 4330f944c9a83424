"""Composition: builds and joins all services of a process, nowhere else.

Nothing registers itself and nothing is a global: a service gets its collaborators as arguments.
"""
