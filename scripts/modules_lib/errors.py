"""The one exception that scripts/modules reports as a plain sentence."""


class ModulesError(Exception):
    """What can't be read; its text names the file or the program."""
