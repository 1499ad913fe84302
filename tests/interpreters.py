"""The interpreters of Python on this machine that the README promises to do."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path


@cache
def pythons():
    """Minor version -> an interpreter of Python 3 on this machine, from 3.11 on."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [path for minor in range(11, 20) if (path := shutil.which(f"python3.{minor}"))]
    candidates += map(str, sorted(root.glob("versions/3.*/bin/python3")))
    found = {sys.version_info[1]: sys.executable}
    for path in candidates:
        asked = [path, "-c", "import sys; print(sys.version_info[1])"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if answer.isdigit() and int(answer) >= 11:
            found.setdefault(int(answer), path)
    return found
