"""The program of the plugin: it serves the driver on the socket that config.json names."""

from driver import Driver
from server import serve

serve("__NAME__", Driver())
