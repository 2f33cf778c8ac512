"""`python -m taotie` is the command `taotie`."""

from taotie.app.cli.main import main

if __name__ == "__main__":
    main()
