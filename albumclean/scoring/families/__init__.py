"""One file per family of published networks: its `VARIANTS`. Found by `scoring.variants`."""
