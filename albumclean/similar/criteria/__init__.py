"""The criteria that choose the keeper of a group, a few related ones in each module."""
