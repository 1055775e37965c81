"""What scripts/bench and its parts need of the machine: programs, ports, processes and what they use."""
import os, pathlib, re, socket, subprocess, sys, time

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXECUTABLES = pathlib.Path(os.environ.get("POSTERN_EXECUTABLES", ROOT / ".build/release"))
POSTERN = EXECUTABLES / "postern"
WORK = ROOT / ".build-bench"
AS_ROOT = os.geteuid() == 0
# What the tests use as well: attack.py.
sys.path.append(str(ROOT / "Tests/IntegrationTests/Support"))


def sh(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def wait_for_port(port, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}")


def family(parent):
    """A process and everything below it."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
                children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
            except OSError:
                pass
    found, todo = [], [parent]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def pss(pids):
    """Proportional set size of processes together, in octets."""
    total = 0
    for pid in pids:
        try:
            match = re.search(r"(?m)^Pss:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text())
            total += int(match.group(1)) * 1024
        except OSError:
            pass
    return total


def processor_seconds(pids):
    """Processor time that processes have used, with their children that have ended, in the kernel and outside."""
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")
