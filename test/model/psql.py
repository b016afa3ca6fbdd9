"""One psql process that stays: SQL in, lines out.

Connection settings come from the environment (PGHOST, PGPORT, PGUSER…).  Each
script goes through a file, so that neither pipe can fill up while the other is
waited for.
"""

import os
import subprocess
import tempfile

MARK = "-- end of answer --"


class SqlError(Exception):
    """A statement failed that should not have; the text is what psql said."""


class Session:
    def __init__(self, database):
        # In the server's temporary folder, which goes with it: a worker that is
        # ended does not clean up.
        self.files = tempfile.TemporaryDirectory(
            prefix="careaccess-model-", dir=os.environ.get("CAREACCESS_TEMP")
        )
        self.script = os.path.join(self.files.name, "script.sql")
        self.stderr = open(os.path.join(self.files.name, "stderr"), "w+", encoding="utf-8")
        options = os.environ.get("PGOPTIONS", "")
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            encoding="utf-8",
            env={
                **os.environ,
                "PGCLIENTENCODING": "UTF8",
                "PGOPTIONS": f"{options} -c client_min_messages=error -c jit=off",
            },
        )

    def run(self, *statements):
        """The lines that the statements print."""
        with open(self.script, "w", encoding="utf-8") as file:
            for statement in statements:
                file.write(statement + ";\n")
        try:
            self.psql.stdin.write(f"\\i '{self.script}'\n\\echo '{MARK}'\n")
            self.psql.stdin.flush()
        except BrokenPipeError:
            pass  # read below what it said
        lines = []
        for line in self.psql.stdout:
            line = line.rstrip("\n")
            if line == MARK:
                return lines
            lines.append(line)
        self.psql.wait()
        self.stderr.seek(0)
        raise SqlError(self.stderr.read().strip() or "psql ended without a word")

    def close(self):
        if self.psql.poll() is None:
            try:
                self.psql.stdin.close()
            except BrokenPipeError:
                pass
            self.psql.wait()
        self.psql.stdout.close()
        self.stderr.close()
        self.files.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
