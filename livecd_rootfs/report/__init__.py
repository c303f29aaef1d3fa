"""The report of a run: its events as frozen values, and the page that is made of them."""
