"""What Open WebUI's admin panel and the Pipelines server do to settings, undone in one place.

The panel sends numbers as text, `""` or `null` for "use the default", `[""]` for an empty list and
joins lists with commas; it cannot save a form with an empty text box. The server writes
`model_dump()` to valves.json before anyone can object, and dies at start if that file does not load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import SerializationInfo, SerializerFunctionWrapHandler

from .marks import MASK, Mark, Masked, has

_MOST_BITS = 4000  # of a whole number

# An unset text goes out as null: the panel refuses to save a form with an empty text box.
Text = Annotated[str, PlainSerializer(lambda v: v or None, return_type=str | None, when_used="json")]
Secret = Annotated[
    str,
    PlainSerializer(lambda v: MASK if v else None, return_type=str | None, when_used="json"),
    Mark.SECRET,
]


def read_by(read: Callable[[str], object], must: str) -> AfterValidator:
    """On a text that `read` raises ValueError for where it cannot be meant: a sentence that tells so.

    must: goes on behind "<name> must"; {wrong} in it is what `read` says.
    """

    def check(value: str, info: ValidationInfo) -> str:
        try:
            read(value)
        except ValueError as wrong:
            name = info.field_name or ""
            raise SettingsError(name, f"{name} must {must.replace('{wrong}', str(wrong))}.") from None
        return value

    return AfterValidator(check)


class SettingsError(ValueError):
    """A value that cannot be meant, in one sentence for the admin. `each`: this one, and others like it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.each: tuple[SettingsError, ...] = (self,)

    @classmethod
    def of(cls, each: Sequence[SettingsError]) -> SettingsError:
        """One that tells all of them."""
        if len(each) == 1:
            return each[0]
        joined = cls(each[0].field, " ".join(map(str, each)))
        joined.each = tuple(each)
        return joined


class PanelModel(BaseModel):
    """Settings that survive the admin panel.

    A field takes, in this order: the value given, the preset (environment), its own default.
    `model_dump()` holds only what was given and differs from the preset, so that presets stay in
    force for the rest and preset secrets never reach the disk; JSON holds all, secrets masked.

    Of a save that is refused, a bound class keeps the sentences in `refusals`: Open WebUI shows nothing but
    "Pipeline not found", and the fields of the page, opened again.

    Raises:
        SettingsError: a sentence for each value that cannot be meant, with what is allowed.
    """

    model_config = ConfigDict(str_strip_whitespace=True, coerce_numbers_to_str=True, extra="ignore")

    presets: ClassVar[Mapping[str, Any]] = {}
    problems: ClassVar[tuple[str, ...]] = ()
    stored: ClassVar[Callable[[], PanelModel | None]] = staticmethod(lambda: None)
    refusals: ClassVar[list[SettingsError] | None] = None  # of the last save
    former: ClassVar[Mapping[str, Any]] = {}  # presets by names of the release before

    _given: set[str] = PrivateAttr(default_factory=set)
    _former: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def bound(cls, presets: Mapping[str, Any], stored: Callable[[], PanelModel | None]) -> type[Self]:
        """This class with presets, and a way to the values in force (they stand behind a mask).

        A preset that cannot be meant is left out and told in `problems`.
        """
        loaded = lenient(cls)(**presets)
        namespace: dict[str, Any] = {
            "__module__": cls.__module__,
            "__doc__": cls.__doc__,
            "presets": {name: getattr(loaded, name) for name in loaded._given},
            "former": loaded._former,
            "problems": tuple(
                f"{sentence} The environment's preset is ignored." for sentence in loaded.dropped
            ),
            "stored": staticmethod(stored),
            "refusals": [],
        }
        return type(cls.__name__, (cls,), namespace)

    @classmethod
    def strict_from(cls, loaded: PanelModel) -> Self:
        """The values of a lenient instance, without checking them against each other again."""
        strict = cls.model_construct(**{name: getattr(loaded, name) for name in cls.model_fields})
        strict._given, strict._former = set(loaded._given), loaded._former
        return strict

    def __init__(self, **values: Any) -> None:
        given: Mapping[str, Any] = {}
        former: dict[str, Any] = {}
        try:
            renewed, former = self.renewed(values)
            given = self._meant(renewed)
            refused = self._filled(given)
        except SettingsError as error:
            refused = [error]
        refused = [one for error in refused for one in error.each]
        if self.refusals is not None:
            self.refusals[:] = refused
        if refused:
            raise SettingsError.of(refused)
        self._former = former
        for name in given:
            default = self.presets.get(name, type(self).model_fields[name].get_default())
            if getattr(self, name) != default:
                self._given.add(name)

    def _filled(self, given: Mapping[str, Any]) -> list[SettingsError]:
        """Take these values, or tell which of them cannot be meant."""
        try:
            super().__init__(**{**self.presets, **given})
        except ValidationError as invalid:
            return [_as_sentence(type(self), error) for error in invalid.errors()]
        return []

    def origin_of(self, name: str) -> Literal["panel", "environment", "default"]:
        """Where the value of a setting comes from."""
        return "panel" if name in self._given else "environment" if name in self.presets else "default"

    @classmethod
    def schema(cls, *args: Any, **options: Any) -> dict[str, Any]:
        """What the panel shows, and shows anew after each Save: what was refused is told at its field."""
        shown = cls.model_json_schema(*args, **options)
        for refusal in cls.refusals or ():
            field = shown["properties"][cls.called_now(refusal.field)]
            field["description"] = f"NOT SAVED: {refusal} {field['description']}"
        return shown

    @classmethod
    def renewed(cls, values: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """For subclasses: the values by their names of today, and those that had another name.

        Raises:
            SettingsError: one of these cannot be meant.
        """
        return values, {}

    @classmethod
    def called_now(cls, name: str) -> str:
        """For subclasses: the field that a name of the release before stands for."""
        return name

    @classmethod
    def _meant(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values somebody really gave: neither unknown, nor left empty, nor a mask."""
        meant = {}
        for name, value in values.items():
            field = cls.model_fields.get(name)
            if field is None or is_unset(value):
                continue
            if isinstance(value, int) and value.bit_length() > _MOST_BITS:
                value = float("inf")  # Python refuses to write such a number down
            if isinstance(value, str):
                value = _whole(value)
            if _is_list(field) and isinstance(value, str | list):
                value = [part.strip() for part in _split(value)]
                value = [part for part in value if part]
            if has(field, Mark.SECRET) and value == MASK:
                in_force = cls.stored()
                if in_force is None:
                    continue
                value = getattr(in_force, name)
            meant[name] = cls._unmasked(name, field, value)
        return meant

    @classmethod
    def _unmasked(cls, name: str, field: FieldInfo, value: Any) -> Any:
        unmask = next((mark.unmask for mark in field.metadata if isinstance(mark, Masked)), None)
        if unmask is None or not isinstance(value, str):
            return value
        in_force = cls.stored()
        try:
            return unmask(value, str(getattr(in_force, name) if in_force else cls.presets.get(name, "")))
        except ValueError as wrong:
            raise SettingsError(name, f"{name}: {wrong}.") from None

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.check()
        return self

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            yield name, MASK if value and has(field, Mark.SECRET) else value

    def check(self) -> None:
        """For subclasses: raise SettingsError on values that do not go together."""

    @model_serializer(mode="wrap")
    def _dump(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        whole: dict[str, Any] = handler(self)
        if info.mode == "json":
            return whole
        return {name: value for name, value in whole.items() if name in self._given}


class LenientModel(PanelModel):
    """Settings that drop what cannot be meant, and tell it in `dropped`, instead of raising."""

    _dropped: list[str] = PrivateAttr(default_factory=list)

    def __init__(self, **values: Any) -> None:
        dropped: list[str] = []
        while True:
            try:
                super().__init__(**values)
                break
            except SettingsError as error:
                for refusal in error.each:
                    dropped.append(str(refusal))
                    del values[refusal.field]
        self._dropped = dropped

    @property
    def dropped(self) -> list[str]:
        """One sentence for each value that was ignored."""
        return self._dropped

    def check(self) -> None:
        """Values that do not go together are told when the backend is built, not here."""


def lenient(strict: type[PanelModel]) -> type[LenientModel]:
    """The class for loading valves.json: what no longer fits falls back instead of raising.

    The server loads settings with the class of the plugin's current ones and does not start when
    that raises, so a plugin begins with this class and changes to the strict one afterwards.
    """
    return type("Loading", (LenientModel, strict), {"__module__": strict.__module__})


def is_unset(value: Any) -> bool:
    """Whether the panel means "use the default"."""
    return value is None or (isinstance(value, str) and not value.strip())


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is list


def _split(value: str | list[Any]) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    return [piece for part in parts for piece in _whole(str(part)).split(",")]


def _as_sentence(model: type[PanelModel], error: ErrorDetails) -> SettingsError:
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, SettingsError):
        return cause
    name = str(error["loc"][0]) if error["loc"] else ""
    field = model.model_fields[name]
    told = "" if has(field, Mark.SECRET) else f", not {inside(error['input'])!r}"
    return SettingsError(name, f"{name} must be {allowed(field)}{told}.")


def _whole(text: str) -> str:
    """Without halves of characters, which no answer could hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def inside(value: Any) -> str:
    """The value, as far as a sentence may quote it."""
    try:
        return str(value)[:40]
    except ValueError:  # a number too long to be written
        return "a number of thousands of digits"


def allowed(field: FieldInfo) -> str:
    """What a field takes, in words: "a whole number from 0 to 50"."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        noun = "a whole number" if kind is int else "a number"
        low = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
        high = next((m.le for m in field.metadata if hasattr(m, "le")), None)
        return noun if low is None else f"{noun} from {low} to {high}"
    return "a list of names, separated by commas" if _is_list(field) else "text"
