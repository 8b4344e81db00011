"""An estimator whose import takes no time."""


class Echo:
    def echo(self, *given):
        return given


def make(context):
    return Echo()
