"""What every test runs under: its needs are checked, and what it leaves behind is found."""

pytest_plugins = ("tests.needs", "tests.leaks")
