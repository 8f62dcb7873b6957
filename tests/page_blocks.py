"""Code blocks of Markdown pages, and how a page is run from its first block to its last."""

import ast
import doctest
import io
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import duckdb

import ptrack_analysis
from ptrack_analysis.cli import main

FENCE = re.compile(
    r"(?P<not_run><!-- not run: .+? -->\s*\n)?"
    r"^(?P<fence>`{3,}|:{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ ]*$",
    re.DOTALL | re.MULTILINE,
)
PYTHON = {"python", "{plot}"}
DATA = {"json", "toml", "csv", "text"}
IS_OUTPUT = {"text", "output"}
INSTALLS = re.compile(
    r"(\.venv/bin/)?(python3? (-m (venv|pip|pytest|tests)|tools/) ?|pip |\. |nox |pre-commit |java |git |"
    r"sphinx-build )"
)
OUTPUT_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the name of the file that it shows, and its text."""

    language: str
    file: str
    text: str
    line: int
    is_run: bool
    follows: bool


def read_blocks(page):
    """Return the blocks of a page. A block follows another if only blank lines are between them."""
    blocks, end = [], -1
    for found in FENCE.finditer(page):
        language, _, argument = found["info"].strip().partition(" ")
        body, file = found["body"], ""
        if language == "{code-block}":
            language = argument
        while body.startswith(":"):
            option, _, body = body.partition("\n")
            if option.startswith((":caption:", ":name:")):
                file = option.split(":", 2)[2].strip()
        follows = end >= 0 and not page[end : found.start()].strip()
        line = page.count("\n", 0, found.start()) + 1
        blocks.append(Block(language, file, body.lstrip("\n"), line, found["not_run"] is None, follows))
        end = found.end()
    return blocks


class PageRun:
    """Runs the blocks of a page in the current folder, with one namespace and one database."""

    def __init__(self, page):
        self.page = page
        self.blocks = read_blocks(page.read_text(encoding="utf-8"))
        self.names = {"__name__": "__main__"}

    def run(self):  # noqa: C901 - one branch per language
        """Run all blocks, and compare printed output with the block that follows."""
        printed = None
        for block in self.blocks:
            where = f"{self.page.name}, line {block.line}"
            if block.language in IS_OUTPUT and block.follows and not block.file:
                if printed is not None:
                    matches = doctest.OutputChecker().check_output(block.text, printed, OUTPUT_FLAGS)
                    assert matches, f"{where}: printed\n{printed}"
                continue
            printed = None
            if block.file and block.language in DATA:
                path = Path(block.file)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            elif not block.is_run:
                if block.language in PYTHON:
                    compile(block.text, where, "exec")
            elif block.language == "{plot}":
                run_python(block.text, where, {"pta": ptrack_analysis})
            elif block.language == "python":
                printed = run_python(block.text, where, self.names)
            elif block.language in {"sh", "console"}:
                printed = self.run_shell(block.text, where)
            elif block.language == "sql":
                printed = self.run_sql(block.text, where)

    def run_shell(self, text, where):
        """Run the commands of the package and of DuckDB; installations are not run."""
        lines = text.replace("\\\n", " ").splitlines()
        if any(line.startswith("$ ") for line in lines):
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        printed = ""
        for line in lines:
            command, _, comment = line.partition("  #")
            command = command.strip()
            if not command or command.startswith("#") or INSTALLS.match(command):
                continue
            expected = re.search(r"exit code (\d)", comment)
            code, out = run_command(command)
            assert code == int(expected[1] if expected else 0), f"{where}: {command}: exit code {code}\n{out}"
            printed += out
        return printed

    def run_sql(self, text, where):
        """Run SQL on the dataset ``out``, with its views."""
        with duckdb.connect() as connection:
            views = Path("out/views/duckdb.sql")
            if views.exists():
                connection.execute(views.read_text(encoding="utf-8"))
            result = connection.sql(text)
            assert result is None or len(result), f"{where}: no rows"
            return str(result)


def run_python(text, where, names):
    """Run Python, and print the value of a last expression as a notebook does."""
    tree = ast.parse(text, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(tree, where, "exec"), names)  # noqa: S102 - the page is ours
        if last is not None:
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)  # noqa: S307
            if value is not None:
                print(value)  # noqa: T201
    return out.getvalue()


def run_command(command):
    """Return the exit code and the output of a command line."""
    words = shlex.split(command)
    if words[0] == "duckdb" and "-c" in words:
        with duckdb.connect() as connection:
            if "-init" in words:
                connection.execute(Path(words[words.index("-init") + 1]).read_text(encoding="utf-8"))
            return 0, str(connection.sql(words[words.index("-c") + 1]))
    if words[0] in {"ptrack", ".venv/bin/ptrack"} and not {"|", ">", "<", "&&"} & set(words):
        with redirect_stdout(io.StringIO()) as out:
            code = main(words[1:])
        return code, out.getvalue()
    folder = Path(sys.executable).parent
    done = subprocess.run(
        ["/bin/bash", "-c", f"ptrack() {{ '{sys.executable}' -m ptrack_analysis \"$@\"; }}; {command}"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PATH": f"{folder}:/usr/bin:/bin",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "HOME": str(Path.cwd()),
        },
    )
    return done.returncode, done.stdout or done.stderr
