"""`python -m taotie` is the command `taotie`."""

from taotie.app.cli.main import main

main()
