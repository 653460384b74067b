"""Where the program is."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path


class OasgateError(Exception):
    """The program could not do its work; what it said stands in the message."""


def find_program() -> str:
    """The path of the program: that of the environment variable ``OASGATE``, else the one that came with this
    package, else one on the ``PATH``.
    """
    named = os.environ.get("OASGATE")
    if named:
        return named
    name = "oasgate.exe" if sys.platform == "win32" else "oasgate"
    scripts = Path(sysconfig.get_path("scripts"))
    # `pip install --user`, `pip install --target`, and environments that were moved to another machine.
    user = Path(sysconfig.get_path("scripts", scheme=sysconfig.get_preferred_scheme("user")))
    package = Path(__file__).resolve().parent
    folders = [scripts, user, package.parent / "bin", package.parents[3] / "bin" if len(package.parents) > 3 else scripts]
    for folder in folders:
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name)
    if found:
        return found
    raise OasgateError(
        f"the program {name} is not in {', '.join(map(str, folders))} and not on the PATH; "
        "the environment variable OASGATE can name it"
    )
