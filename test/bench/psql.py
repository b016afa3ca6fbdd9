"""Talking to the server through its own client programs, psql and pgbench."""

import os
import re
import subprocess

TIME = re.compile(r"^Time: ([0-9.]+) ms")
END = "--end of the answer--"
TIMEOUT = "canceling statement due to statement timeout"


class Failed(Exception):
    """A statement or a program failed; its message is what the person reads."""


class TimedOut(Failed):
    """A statement was stopped by statement_timeout."""


class Psql:
    """A psql that stays, so that its session does; prepared statements and all."""

    def __init__(self, role="postgres", db="bench", options="", limit_s=None):
        env = dict(os.environ, PGOPTIONS=options, PGUSER=role, PGDATABASE=db, PGAPPNAME="bench")
        self.process = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-v", "VERBOSITY=terse"], env=env, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if limit_s:
            self.run(f"SET statement_timeout = '{limit_s}s'")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def send(self, text):
        """Send text as it is; return the lines that came back."""
        try:
            self.process.stdin.write(f"{text}\n\\echo {END}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed("psql ended: " + self.process.stdout.read()) from None
        lines = []
        for line in self.process.stdout:
            line = line.rstrip("\n")
            if line == END:
                break
            lines.append(line)
        else:
            raise Failed("psql ended: " + "\n".join(lines))
        for line in lines:
            if line.startswith(("ERROR:", "FATAL:", "PANIC:")):
                raise TimedOut(line) if TIMEOUT in line else Failed(line)
        return lines

    def run(self, sql):
        """Run one statement; return its rows as text."""
        return self.send(sql + ";")

    def value(self, sql):
        return self.run(sql)[0]

    def timed(self, sql, n=1):
        """Run a statement n times, its rows thrown away; return the milliseconds."""
        lines = self.send("\\timing on\n\\o /dev/null\n" + f"{sql};\n" * n + "\\o\n\\timing off")
        times = [float(m.group(1)) for m in map(TIME.match, lines) if m]
        if len(times) != n:
            raise Failed("\n".join(lines))
        return times

    def rows_and_time(self, sql):
        """Run a statement once; return its rows and the milliseconds."""
        lines = self.send(f"\\timing on\n{sql};\n\\timing off")
        time = TIME.match(lines[-1])
        if not time:
            raise Failed("\n".join(lines))
        return lines[:-1], float(time.group(1))


def script(path, db="bench", **variables):
    """Run a file of SQL."""
    arguments = [a for name, value in variables.items() for a in ("-v", f"{name}={value}")]
    done = subprocess.run(["psql", "-X", "-q", "-d", db, *arguments, "-f", path],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise Failed(f"{path}: {done.stderr.strip()}")


class Pgbench:
    """pgbench with one connection, in the background until result() is asked."""

    def __init__(self, statements, seconds, role="postgres", db="bench", rate=None, options=""):
        self.path = os.path.join(os.environ["CAREACCESS_TEMP"], f"script.{id(self)}")
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(statements)
        self.process = subprocess.Popen(
            ["pgbench", "-n", "-c", "1", "-M", "prepared", "-T", str(seconds), "-D", "acted=0", "-f", self.path,
             *(["-R", str(rate)] if rate else []), "-U", role, db],
            env=dict(os.environ, PGOPTIONS=options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self):
        """Transactions per second."""
        out, err = self.process.communicate()
        os.unlink(self.path)
        tps = re.search(r"^tps = ([0-9.]+)", out, re.M)
        if self.process.returncode or not tps or float(tps.group(1)) == 0:
            raise Failed("pgbench: " + err.strip())
        return float(tps.group(1))
