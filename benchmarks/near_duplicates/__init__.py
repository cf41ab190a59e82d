"""Copies of real photos with known relations, look-alikes that are none, and how well a program tells them apart."""
