"""Bytes to upright sRGB pixels."""
