"""Starts a thread when it is imported: whoever has imported it cannot fork."""

import threading
import time

threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
