"""The two databases: the disposable score cache and the precious ledger."""
