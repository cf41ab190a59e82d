"""Other duplicate finders, run on the same folder, their answers in the same form as ours.

A tool lives in one module: which packages it needs, how it is asked (inside an environment of its own) and how its
answer is read. Adding one is a new module and its line in `registry.py`.
"""
