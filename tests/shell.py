"""The shell, run in the process of a test."""

from ptrack_analysis.cli import main


def run(capfd, *arguments):
    """Run a command; give its exit code, stdout and stderr."""
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code
    out, err = capfd.readouterr()
    assert "Traceback" not in err
    return code, out, err
