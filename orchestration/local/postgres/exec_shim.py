"""Become somebody harmless, tie our life to the parent's, then become the program.

Run as a file with an isolated interpreter (``python -I exec_shim.py [options] -- program ...``), so
it may import nothing but the standard library. PostgreSQL refuses to run as root; in a user
namespace root is shown as ``nobody`` and needs no change of any file's owner.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


def enter_user_namespace(libc: ctypes.CDLL, shown_as: int) -> None:
    """Show this process to itself as an ordinary user; files stay where and whose they are."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"no user namespace: {os.strerror(number)}")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{shown_as} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{shown_as} {gid} 1", encoding="ascii")


def become(uid: int, gid: int) -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with_parent(libc: ctypes.CDLL, parent: int, signal_number: int) -> None:
    """Ask the kernel for a signal when the parent dies, however it dies (Linux only)."""
    if sys.platform != "linux":
        return
    libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it died while we were starting
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    """Apply the options in the order that the kernel keeps them, then exec."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--namespace", type=int, metavar="UID")
    parser.add_argument("--become", metavar="UID:GID")
    parser.add_argument("--die-with", type=int, metavar="PARENT_PID")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args(arguments)
    libc = ctypes.CDLL(None, use_errno=True)
    if options.namespace is not None:
        enter_user_namespace(libc, options.namespace)
    if options.become is not None:
        uid, gid = options.become.split(":")
        become(int(uid), int(gid))
    if options.die_with is not None:  # last: a change of credentials forgets it
        die_with_parent(libc, options.die_with, signal.SIGINT)
    os.execv(options.program[0], options.program)  # noqa: S606 - this is what the file is for


if __name__ == "__main__":
    main(sys.argv[1:])
