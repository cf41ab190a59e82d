"""A close look at two photos: where one lies in the other, whether they are the same shot, and which is the source."""

# Raise by hand whenever the same pair could be judged otherwise: pairs in the cache are then looked at anew.
REVISION = "7"
