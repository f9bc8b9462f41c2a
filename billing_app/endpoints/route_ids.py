"""Numbers in the paths of routes, written {name:id}."""

from starlette.convertors import Convertor, register_url_convertor


class _Id(Convertor[int]):
    """A number in a path. What is longer than any id of ours matches no route."""

    regex = "[0-9]{1,15}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


def register() -> None:
    """Make {name:id} known to the routes that are made from now on."""
    register_url_convertor("id", _Id())
