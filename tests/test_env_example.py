import ast
import re
from pathlib import Path

from dotenv import dotenv_values

from backend.config import ROOT, Settings

EXAMPLE = ROOT / ".env.example"
A_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,}")


def variables_read() -> set[str]:
    """Names of variables in backend/config.py: its texts that look like one and are passed to a call."""
    calls = [
        n for n in ast.walk(ast.parse((ROOT / "backend/config.py").read_text())) if isinstance(n, ast.Call)
    ]
    texts = {a.value for call in calls for a in call.args if isinstance(a, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and A_VARIABLE.fullmatch(text)}


class TestEnvExample:
    def test_names_every_variable_that_is_read_and_no_other(self) -> None:
        named = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE))

        assert named == variables_read()

    def test_says_the_defaults(self, tmp_path: Path) -> None:
        example = {name: value or "" for name, value in dotenv_values(EXAMPLE).items()}

        copied = Settings.from_env({**example, "DATA_DIR": str(tmp_path)})

        assert copied == Settings.from_env({"DATA_DIR": str(tmp_path)})
