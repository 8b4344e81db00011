"""Published learning curves, to the printed digit."""

# Mean error rates over 5 outer and 5 inner seeds, features unscaled: (training, validation, test).
# Source: Learning Curve Database 1.1, its arrays "(learner, stat, anchor, train-val-test)" at stat
# "mean", for OpenML data sets 61 and 1510.
PUBLISHED = {
    ("iris", "KNN", 16): (0.0575, 0.0771, 0.0960),
    ("iris", "KNN", 64): (0.0231, 0.0429, 0.0400),
    ("iris", "Decision Tree", 16): (0.0000, 0.1200, 0.1013),
    ("iris", "Decision Tree", 64): (0.0000, 0.0686, 0.0773),
    ("iris", "GaussianNB", 16): (0.0250, 0.1286, 0.1333),
    ("iris", "GaussianNB", 64): (0.0412, 0.0571, 0.0533),
    ("iris", "DummyClassifier", 16): (0.5500, 0.6714, 0.6667),
    ("iris", "DummyClassifier", 64): (0.6188, 0.6857, 0.6667),
    ("breast-cancer", "KNN", 16): (0.0850, 0.1231, 0.1200),
    ("breast-cancer", "KNN", 64): (0.0562, 0.0808, 0.0891),
    ("breast-cancer", "KNN", 256): (0.0552, 0.0669, 0.0702),
    ("breast-cancer", "Decision Tree", 16): (0.0000, 0.1123, 0.1200),
    ("breast-cancer", "Decision Tree", 64): (0.0000, 0.0908, 0.1088),
    ("breast-cancer", "Decision Tree", 256): (0.0000, 0.0762, 0.1004),
    ("breast-cancer", "GaussianNB", 16): (0.0275, 0.0715, 0.0919),
    ("breast-cancer", "GaussianNB", 64): (0.0431, 0.0623, 0.0765),
    ("breast-cancer", "GaussianNB", 256): (0.0550, 0.0600, 0.0744),
    ("breast-cancer", "DummyClassifier", 16): (0.3375, 0.3654, 0.3684),
    ("breast-cancer", "DummyClassifier", 64): (0.3406, 0.3654, 0.3684),
    ("breast-cancer", "DummyClassifier", 256): (0.3680, 0.3654, 0.3684),
}

# Four printed digits stand for at most half a unit of the last one to either side.
HALF_A_DIGIT = 0.5e-4 + 1e-12
