"""django-oscar, under gunicorn, in a virtual environment of its own."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.cart_case import CartCase
from bench.peers.shop import PEERS, THREADS, WORKERS, Shop, free_port, run, serving

PROJECT: Final = PEERS / "oscar"


def install(folder: Path) -> Path:
    """The folder of programs of an environment with what `requirements.txt` pins; made when it is not there.

    Raises NotInstalledError.
    """
    wanted = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    programs, made = folder / "bin", folder / "made-from.txt"
    if not made.exists() or made.read_text(encoding="utf-8") != wanted:
        print("cart: installing django-oscar (once)", flush=True)
        here = {"PATH": f"{programs}:/usr/bin:/bin"}
        run([sys.executable, "-m", "venv", "--clear", str(folder)], folder=PROJECT, environment=here)
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "-r", "requirements.txt"]
        run(pip, folder=PROJECT, environment=here)
        made.write_text(wanted, encoding="utf-8")
    return programs


@contextmanager
def oscar(case: CartCase, *, folder: Path, host: str, user: str, database: str) -> Iterator[Shop]:
    """The shop with the case in it, served while the block runs; each request prices its basket."""
    programs = install(folder / "oscar")
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "shop_settings",
        "SHOP_DATABASE": database,
        "SHOP_HOST": host,
        "SHOP_USER": user,
        "SHOP_DELIVERY": str(case.shipping),
    }
    python = str(programs / "python")
    filled = run(
        [python, "fill.py"], folder=PROJECT, environment=environment, given=json.dumps(case.document)
    )
    port = free_port()
    command = [python, "-m", "gunicorn", "--worker-class", "gthread", "--no-control-socket"]
    command += ["--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "5"]
    command += ["--worker-tmp-dir", "/dev/shm"] if Path("/dev/shm").is_dir() else []  # noqa: S108
    command += ["--bind", f"127.0.0.1:{port}", "shop:application"]
    log = folder / "oscar.log"
    with serving(command, folder=PROJECT, environment=environment, port=port, log=log):
        yield Shop(
            name="django-oscar",
            port=port,
            database=database,
            requests=[_basket(cookie) for cookie in json.loads(filled)],
            total_of=lambda answer: int(answer["total"]),
            expected=case.total_of_list_prices(),
        )


def _basket(cookie: str) -> bytes:
    return f"GET /basket HTTP/1.1\r\nHost: bench\r\nCookie: oscar_open_basket={cookie}\r\n\r\n".encode()
