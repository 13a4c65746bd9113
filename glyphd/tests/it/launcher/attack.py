"""What a plugin might try. After a name to find its processes by, each try is an argument, with its own after a colon;
each answer is a line: how it was denied, or what came of it."""

import ctypes
import errno
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    """A system call by its number (x86_64)."""
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return f"done {result}"


# By their numbers on x86_64: what no plugin has to do.
CALLS = {
    "ptrace": (101, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0),
    "open_tree": (428, -100, 0, 1),
    "chroot": (161, 0),
    "pivot_root": (155, 0, 0),
    "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "io_uring_setup": (425, 1, 0),
    "keyctl": (250, 0, 0),
    "userfaultfd": (323, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "init_module": (175, 0, 0, 0),
    "unshare": (272, 0x10000000),
    "setns": (308, 0, 0),
    "clone_newuser": (56, 0x10000011, 0, 0, 0, 0),
    "clone3": (435, 0, 0),
    "personality": (135, 0x0040000),
    "open_by_handle_at": (304, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "prlimit_of_init": (302, 1, 7, 0, 0),
    "x32_getpid": (0x40000000 + 39,),
}
SOCKETS = {
    "tcp": (socket.AF_INET, socket.SOCK_STREAM, 0),
    "tcp6": (socket.AF_INET6, socket.SOCK_STREAM, 0),
    "udp": (socket.AF_INET, socket.SOCK_DGRAM, 0),
    "icmp": (socket.AF_INET, socket.SOCK_RAW, 1),
    "packet": (socket.AF_PACKET, socket.SOCK_RAW, 0),
    "netlink": (socket.AF_NETLINK, socket.SOCK_RAW, 0),
    "vsock": (40, socket.SOCK_STREAM, 0),
}


def read(path):
    with open(path) as file:
        return file.read().strip().replace("\n", "|")


def write(path):
    with open(path, "w") as file:
        file.write("attacked")
    return "done"


def connect(path):
    with socket.socket(socket.AF_UNIX) as stream:
        stream.connect("\0" + path[1:] if path.startswith("@") else path)
        stream.sendall(b"hello")
    return "done"


def tcp(port):
    with socket.create_connection(("127.0.0.1", int(port)), timeout=5):
        return "done"


def fork_bomb(_):
    children = 0
    try:
        while True:
            if os.fork() == 0:
                signal.pause()
                os._exit(0)
            children += 1
    except OSError as error:
        return f"stopped after {children}: {errno.errorcode[error.errno]}"


def threads(count):
    import threading

    gate = threading.Event()
    for _ in range(int(count)):
        threading.Thread(target=gate.wait).start()
    gate.set()
    return "done"


def fill_memory(_):
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1 << 10) * (1 << 10)))


def fill_file(path):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    written = 0
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                written += file.write(bytes(64 << 10))
        except OSError as error:
            return f"stopped after {written}: {errno.errorcode[error.errno]}"


def open_many(_):
    files = []
    try:
        while True:
            files.append(open("/dev/null"))
    except OSError as error:
        return f"stopped after {len(files) + 3}: {errno.errorcode[error.errno]}"


def grandchild(_):
    """One that has left its parent, its group and its session."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            say("grandchild")
            signal.pause()
        os._exit(0)
    os.wait()
    return "left"


def spin(_):
    while True:
        pass


def spin_on(_):
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    spin(_)


def ignore_term(_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("ignoring")
    while True:
        signal.pause()


def rest(_):
    say("resting")
    while True:
        signal.pause()


def flood(_):
    while True:
        os.write(1, b"x" * (64 << 10))


def crash(_):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.kill(os.getpid(), signal.SIGSEGV)


def status(name):
    for line in open("/proc/self/status"):
        if line.startswith(name + ":"):
            return line.split(":", 1)[1].strip()


def raise_limit(_):
    resource.setrlimit(resource.RLIMIT_NOFILE, (100_000, 100_000))
    return "done"


def chmod(path):
    os.chmod(path, 0o777)
    return "done"


def say(line):
    # In one piece, whoever else writes there.
    os.write(1, (line + "\n").encode())


TRIES = {
    "read": read,
    "write": write,
    "list": lambda path: " ".join(sorted(os.listdir(path))),
    "run": lambda path: subprocess.run([path], capture_output=True, text=True).stdout.strip(),
    "chmod": chmod,
    "call": lambda name: call(*CALLS[name]),
    "socket": lambda name: socket.socket(*SOCKETS[name]) and "done",
    "connect": connect,
    "tcp": tcp,
    "kill": lambda pid: os.kill(int(pid), signal.SIGKILL) or "done",
    "kill_group": lambda pid: os.killpg(int(pid), signal.SIGKILL) or "done",
    "fork_bomb": fork_bomb,
    "threads": threads,
    "fill_memory": fill_memory,
    "fill_file": fill_file,
    "open_many": open_many,
    "raise_limit": raise_limit,
    "grandchild": grandchild,
    "spin": spin,
    "spin_on": spin_on,
    "ignore_term": ignore_term,
    "rest": rest,
    "flood": flood,
    "crash": crash,
    "exit": lambda code: sys.exit(int(code)),
    "status": status,
    "ids": lambda _: f"{os.getuid()} {os.getgid()} {os.getgroups()}",
    "parent": lambda _: str(os.getppid()),
    "env": lambda _: " ".join(sorted(os.environ)),
    "tmp": lambda _: os.environ["TMPDIR"],
    "fds": lambda _: " ".join(sorted(os.listdir("/proc/self/fd"), key=int)),
    "wait": lambda _: sys.stdin.readline().strip(),
}

for attempt in sys.argv[2:]:
    name, _, argument = attempt.partition(":")
    try:
        say(f"{attempt} -> {TRIES[name](argument)}")
    except OSError as error:
        say(f"{attempt} -> denied {errno.errorcode.get(error.errno, error)}")
