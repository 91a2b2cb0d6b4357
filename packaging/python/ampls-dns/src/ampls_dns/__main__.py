"""``python -m ampls_dns``: the program itself."""

import os
import sys

from ._server import binary

if __name__ == "__main__":
    program = binary()
    if os.name == "posix":
        os.execv(program, [program, *sys.argv[1:]])
    import subprocess

    sys.exit(subprocess.run([program, *sys.argv[1:]]).returncode)
