"""Sessions for developers: ``nox -l`` lists them, ``nox -s fast`` runs one.

Each session installs what it needs and runs plain commands, which also work in any virtual environment.
"""

import nox

nox.options.sessions = ["lint", "fast"]
nox.options.reuse_venv = "yes"


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, types and security."""
    session.install("--editable", ".[lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("bandit", "-q", "-c", "pyproject.toml", "-r", "ptrack_analysis")


@nox.session
def fast(session: nox.Session) -> None:
    """Run the tests that start no browser and no server."""
    session.install("--editable", ".[test]")
    session.run("python", "-m", "pytest", "-m", "not browser and not s3 and not slow", *session.posargs)


@nox.session
def test(session: nox.Session) -> None:
    """Run all tests but the slow ones."""
    session.install("--editable", ".[test]")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(python=["3.11", "3.12", "3.13", "3.14"])
def versions(session: nox.Session) -> None:
    """Run the fast tests with one version of Python and the newest dependencies."""
    session.install("--upgrade", "--editable", ".[test]")
    session.run("python", "-m", "pytest", "-m", "not browser and not s3 and not slow", *session.posargs)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """Run the fast tests with the lowest versions that pyproject.toml admits, on the lowest Python."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    session.install("--editable", ".", *(name.replace(">=", "==") for name in requirements))
    session.run("python", "-m", "pytest", "-m", "not browser and not s3 and not slow", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; any warning is an error."""
    session.install("--editable", ".[docs]")
    session.run("sphinx-build", "-W", "--keep-going", "docs", "build/site")


@nox.session
def slow(session: nox.Session) -> None:
    """Run the slow tests: Spark, kills, very long videos. They take about an hour."""
    session.install("--editable", ".[test,spark]")
    session.run("python", "-m", "pytest", "-m", "slow", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed and memory beside other packages."""
    session.install("--editable", ".[bench,neighbors]")
    session.run("python", "-m", "tests.benchmarks", *session.posargs)
