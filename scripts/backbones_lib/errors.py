"""The one exception that the backbone scripts report as a plain sentence."""


class BackboneError(Exception):
    """What a download, a file or an environment did wrong; its text names the file and the value."""
