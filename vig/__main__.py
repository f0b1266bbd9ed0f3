"""``python -m vig``: the same as the console script ``vig``."""

from vig.cli.main import main

if __name__ == "__main__":
    main()
