"""``python -m oasgate`` is the program."""

import os
import subprocess
import sys

from oasgate._program import find_program


def main() -> None:
    program = find_program()
    if sys.platform == "win32":
        sys.exit(subprocess.run([program, *sys.argv[1:]], check=False).returncode)
    os.execv(program, [program, *sys.argv[1:]])


if __name__ == "__main__":
    main()
