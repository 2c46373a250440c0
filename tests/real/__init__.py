"""Tests on real parts that a plain machine lacks: `make real`."""
