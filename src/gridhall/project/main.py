"""Where the `gridhall` command starts."""

import os


def main() -> None:
    """Run the command line with the project's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridhall.project.settings")
    from gridhall.channels.cli.app import app

    app()
