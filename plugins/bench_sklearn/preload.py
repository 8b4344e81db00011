"""Imported once before trials are forked: does what scikit-learn does at its first use only.

Its first check of an array looks through every installed distribution for entry points, which
takes longer than a small trial; here it is paid once for all.
"""

import numpy as np
from sklearn.utils import check_array

check_array(np.zeros((2, 2)))
