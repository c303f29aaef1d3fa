"""``livecd-rootfs``, and ``python -m livecd_rootfs``: from the first moment on ^C is no traceback."""

import signal


def main() -> None:
    """Import the command line and run it.

    Until it is there, which takes some tenths of a second, ^C just ends the process. Who
    ignores ^C, as nohup does, goes on ignoring it.
    """
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from livecd_rootfs import cli  # noqa: PLC0415 (after ^C is seen to)

    signal.signal(signal.SIGINT, handler)
    cli.main()


if __name__ == "__main__":
    main()
