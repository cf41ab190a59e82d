"""What is known of the library, put together: facts from the cache, the user's word from the ledger, and proposals.

Reads only. Files that a proposal speaks of are looked at once more (`lstat`), so that what has changed since the scan
is not proposed; nothing else touches the photos. What looks alike in the whole library is kept in the cache from scan
to scan; keepers, reasons and proposals are worked out anew by each who asks, part by part.
"""

from __future__ import annotations

from albumclean.catalogue.library import Catalogue, Estimate, LeftOut
from albumclean.catalogue.paging import Page, Wanted
from albumclean.store.stored_groups import By

__all__ = ["By", "Catalogue", "Estimate", "LeftOut", "Page", "Wanted"]
