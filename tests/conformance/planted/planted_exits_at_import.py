"""It ends the program that imports it."""

import sys

sys.exit("this machine is not good enough for me")
