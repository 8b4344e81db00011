"""Imported once before trials are forked: does what scikit-learn does at its first use only.

Its first check of an array looks through every installed distribution for entry points, which
takes longer than a small trial; here it is paid once for all.
"""

import numpy as np
from sklearn.model_selection import train_test_split

_labels = np.arange(8) % 2
train_test_split(np.arange(8), train_size=0.5, random_state=0, stratify=_labels)
