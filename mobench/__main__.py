"""``mobench``, also as ``python -m mobench``."""

import signal
import sys


def run() -> int:
    """Run the words of the process and return the exit code.

    While libraries load nothing has begun, so that Ctrl-C ends the process as it ends any other.
    """
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:  # else somebody had his reasons
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    import mobench.cli.console  # noqa: F401  main() imports it before it listens
    from mobench.cli import main

    signal.signal(signal.SIGINT, heard)
    return main()


if __name__ == "__main__":
    sys.exit(run())
