"""`python -m albumclean`."""

from albumclean.cli.main import main

if __name__ == "__main__":
    main()
