"""Long chats on their way to the model: what stays of each, and what is in place of the rest."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import accumulate

from sqlalchemy import Engine

from ..backends.backend_holder import BackendHolder
from ..config.context_limits import expected, within
from ..config.settings import Valves
from ..core.events import Emit, Event, EventKind, Job, failed
from ..core.turn import Turn
from ..language.guess import language_for
from ..state.cuts_table import Cut, CutsTable, Place
from .abstract import Abstract
from .abstracts import Abstracts, Wanted
from .counting import Counting
from .turns import Past, Texts
from .window import Sizes, Window, further, to_be_ready, window

_ABSTRACT_SHARE, _ABSTRACT_LEAST, _ABSTRACT_MOST = 0.1, 150, 1_500  # of the limit, tokens
_PLACES = 2_000  # chats of which something is kept in memory
_AGAIN_S = 600.0  # before an abstract that came to nothing is tried anew
_THREADS = 2
_CHARS_A_TOKEN, _MOST_CHARS_A_TOKEN = 4, 8  # of what is not counted: guessed, and at most
_COUNTED_LIMITS = 4  # of the newest turns; beyond them nothing stays

Block = Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What stays of a turn's prompt. abstract: what stands in place of the rest, "" for nothing.

    sizes: with the memories that stood in the last prompt. bare: without any. ratio: see `Counting.ratio`.
    most: see `Contexts.at_most`.
    """

    turn: Turn
    place: Place
    sizes: Sizes
    bare: Sizes
    window: Window
    cuts: Sequence[Cut]
    ratio: float
    most: Sequence[int] = ()
    abstract: str = ""
    of: str = ""  # the position that the abstract is of
    at: float = field(default_factory=time.time)

    @property
    def kept(self) -> list[int]:
        """The numbers of the turns that stay."""
        return [*range(self.window.head), *range(self.window.start, len(self.sizes.turns))]

    def narrowed(self, names: Callable[[Sequence[int]], Sequence[str]]) -> Turn:
        """The turn as recall is to see it: with the messages that stay. names: of turns, see `Past.name`."""
        if not self.window.is_cut:
            return self.turn
        positions = tuple(self.turn.positions[at] for at in self.kept)
        return replace(self.turn, positions=positions, in_prompt=tuple(names(self.kept)))


@dataclass(frozen=True, slots=True)
class _Last:
    """A chat's last prompt: where it was cut, "" for nowhere, and tokens of memories in it, by position.

    asked: the position of its last message. most: that the prompt had at most up to this message.
    tokens: that it had, for this model, put right by this ratio.
    """

    asked: str = ""
    most: int = 0
    tokens: int = 0
    model: str = ""
    ratio: float = 1.0
    cut_at: str = ""
    in_system: int = 0
    before: Mapping[str, int] = field(default_factory=dict)


class Contexts:
    """For all users. Threads may share it."""

    def __init__(
        self, engine: Engine, live: BackendHolder, settings: Callable[[], Valves], emit: Emit
    ) -> None:
        self.table, self.counting, self._emit = CutsTable(engine), Counting(engine), emit
        self.pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="memory-context")
        self._abstracts = Abstracts(self.table, live, settings, emit)
        self._lock = threading.Lock()
        self._last: OrderedDict[Place, _Last] = OrderedDict()
        self._tried: OrderedDict[tuple[Place, str], float] = OrderedDict()

    def close(self) -> None:
        self._abstracts.close()
        self.pool.shutdown(wait=False)

    def drop(self, user_id: str) -> None:
        self._abstracts.drop(user_id)
        with self._lock:
            for place in [one for one in self._last if one.user_id == user_id]:
                del self._last[place]

    def cuts(self, turn: Turn, limit: int, *, reads: bool = True) -> list[Cut]:
        """What is kept of a turn's chat, and of its model. Blocks, and raises the state database's errors.

        reads: else nothing of the chat is looked up.
        """
        self.counting.load()
        return self.table.of_chat(Place.of(turn, limit)) if reads else []

    def see(
        self,
        turn: Turn,
        settings: Valves,
        limit: int,
        texts: Texts,
        cuts: Sequence[Cut],
        *,
        reads: bool,
        most: Sequence[int] = (),
    ) -> Seen:
        """What stays of a prompt. Takes time in proportion to what of it was not counted before.

        cuts: those that are kept of the chat. reads: memories may be added. most: see `at_most`.
        """
        model, place = turn.base_model or turn.model, Place.of(turn, limit)
        number_of = {position: number for number, position in enumerate(turn.positions)}
        cuts = [one for one in cuts if number_of.get(one.position, 0) > 0]
        last = self._of(place)  # the state database may not have it yet
        used = [number_of.get(last.cut_at, 0), *(number_of[one.position] for one in cuts if one.used)]
        ratio = self.counting.ratio(model)
        is_new = last.asked != turn.positions[-1]  # another answer brings no more memories
        news = expected(within(settings, limit)) if reads and is_new else 0
        fixed, turns = self._counted(model, ratio, texts, max(used), limit)
        held = [last.before.get(position, 0) for position in turn.positions]
        sizes = Sizes(
            fixed + last.in_system,
            [size + more for size, more in zip(turns, held, strict=True)],
            limit=limit,
            keep=settings.advanced_numbers.context_keep / 100,
            reserve=news,
            abstract=_room(limit),
        )
        seen = window(sizes, used, [number_of[one.position] for one in cuts if one.abstract])
        best = max(
            (
                one
                for one in cuts
                if one.abstract and number_of[one.position] <= seen.start
                # What was ready since stays out until the next cut, but for the one of this cut.
                if seen.is_new or one.used or number_of[one.position] == seen.start
            ),
            key=lambda one: number_of[one.position],
            default=None,
        )
        bare = replace(sizes, fixed=fixed, turns=turns)
        whole = Seen(turn, place, sizes, bare, seen, cuts, ratio, most)
        if best is None or not seen.is_cut:
            return whole
        return replace(whole, abstract=Abstract.read(best.abstract).rendered(), of=best.position)

    def is_followed(self, turn: Turn, limit: int) -> bool:
        """Whether a turn follows the chat's last prompt here: no other server has cut it since."""
        return self._of(Place.of(turn, limit)).asked in turn.positions[-2:]

    def at_most(self, turn: Turn, limit: int, most: Sequence[int]) -> int:
        """How many tokens a prompt has at most, its memories of before among them.

        most: without these, up to each of the turn's messages and then in all, whatever was counted before.
        """
        last, model = self._of(Place.of(turn, limit)), turn.base_model or turn.model
        is_known = last.model == model and last.ratio == self.counting.ratio(model)
        if is_known and last.asked in turn.positions and len(most) == len(turn.positions) + 1:
            upto = most[turn.positions.index(last.asked)]
            if upto == last.most:  # else another branch, or chat, has begun the same
                return last.tokens + most[-1] - upto
        return most[-1] + last.in_system + sum(last.before.values())

    def fitted(
        self, seen: Seen, system: str, before: Block, numbered: Sequence[int], *, learns: bool = True
    ) -> tuple[Seen, str, Block]:
        """The same with what recall adds, cut further where that is too much; and its blocks, numbered anew.

        Where the message alone is too long beside them, they and the abstract are left out.

        system: what it adds to the system prompt. before: to messages, by their number among `numbered`, the
        turns that recall has seen. learns: the model gets nothing more.
        """
        turn_of = {at: numbered[at] for at in before if at < len(numbered)}
        more = {turn_of[at]: self._tokens(seen, before[at]) for at in turn_of}
        in_system = self._tokens(seen, system)
        fixed = seen.bare.fixed + in_system + self._tokens(seen, seen.abstract)
        seen = replace(seen, window=further(replace(seen.bare, fixed=fixed), seen.window, more))
        in_blocks = sum(more.get(at, 0) for at in seen.kept)
        over = fixed + seen.window.stays(seen.bare.turns) + in_blocks - seen.place.limit
        if over > 0:  # then only the last turn is left
            over -= in_blocks
            turn_of, more = {}, {}
        if over > 0 and seen.abstract:
            cost = self._tokens(seen, seen.abstract)
            fixed, over, seen = fixed - cost, over - cost, replace(seen, abstract="", of="")
        if over > 0:
            fixed, in_system, system = fixed - in_system, 0, ""
        positions = seen.turn.positions
        cut_at = positions[seen.window.start] if seen.window.is_cut else ""
        held = {positions[at]: one for at, one in more.items()}
        tokens = fixed + sum(seen.bare.turns) + sum(more.values())
        model, said = seen.turn.base_model or seen.turn.model, len(positions)
        upto = seen.most[said - 1] if len(seen.most) > said else -1
        last = _Last(positions[-1], upto, tokens, model, seen.ratio, cut_at, in_system, held)
        with self._lock:
            self._last[seen.place] = last
            self._last.move_to_end(seen.place)
            while len(self._last) > _PLACES:
                self._last.popitem(last=False)
        tokens = fixed + seen.window.stays(seen.bare.turns) + sum(more.get(at, 0) for at in seen.kept)
        if learns:
            self.counting.sent(seen.turn.user_id, seen.turn.key, model, int(tokens / seen.ratio))
        numbers = {number: at for at, number in enumerate(seen.kept)}
        return seen, system, {numbers[of]: before[at] for at, of in turn_of.items() if of in numbers}

    def keep(self, seen: Seen, chat_id: str, past: Callable[[int, int], Sequence[Past]]) -> None:
        """Keep where a prompt was cut, and have ready what the next cut needs. Blocks; raises nothing.

        past: the turns from one number up to another.
        """
        try:
            self._keep(seen, chat_id, past)
        except Exception as error:  # noqa: BLE001 - the chat has gone on already
            self._emit(failed(Job.ABSTRACT, error))

    def _keep(self, seen: Seen, chat_id: str, past: Callable[[int, int], Sequence[Past]]) -> None:
        turn, at = seen.turn, seen.window
        positions = turn.positions
        if not at.is_cut and not to_be_ready(seen.sizes, at):
            return
        cuts = seen.cuts or self.table.of_chat(seen.place)
        ready = {one.position: one.abstract for one in cuts if one.abstract}
        if at.is_cut and at.is_new:
            for position in {positions[at.start], seen.of or positions[at.start]}:
                self.table.use(seen.place, position, seen.at)
            reason = "with a summary" if seen.abstract else "without a summary"
            self._emit(Event(EventKind.CONTEXT_CUT, reason=reason))
        is_without = at.is_cut and positions[at.start] not in ready
        target = at.start if is_without else to_be_ready(seen.sizes, at)
        if not target or positions[target] in ready or self._was_tried(seen.place, positions[target]):
            return
        before = {number: ready[one] for number, one in enumerate(positions[:target]) if one in ready}
        first = max(before, default=at.head)
        abstract = Abstract.read(before.get(first, ""))
        if not abstract.language:
            abstract = replace(abstract, language=language_for(turn.language, turn.text))
        room, turns = _room(seen.place.limit), past(first, target)
        wanted = Wanted(seen.place, chat_id, abstract, turns, room, turn.answered_by, seen.at)
        if self._abstracts.want(wanted):
            with self._lock:
                self._tried[seen.place, positions[target]] = time.monotonic()
                while len(self._tried) > _PLACES:
                    self._tried.popitem(last=False)

    def _of(self, place: Place) -> _Last:
        with self._lock:
            return self._last.get(place, _Last())

    def _was_tried(self, place: Place, position: str) -> bool:
        """Whether it was asked for a short while ago."""
        return time.monotonic() - self._tried.get((place, position), -math.inf) < _AGAIN_S

    def _counted(
        self, model: str, ratio: float, texts: Texts, cut_at: int, limit: int
    ) -> tuple[int, list[int]]:
        """Tokens of what stays, and of each turn; of those that were cut before, or must be, as a guess."""
        chars = [sum(map(len, one)) for one in texts.turns]
        most = _MOST_CHARS_A_TOKEN * limit
        skipped = set(range(1, cut_at)) if sum(chars[1:cut_at]) > most else set()
        so_far = accumulate(reversed(chars))
        beyond = sum(one > _COUNTED_LIMITS * most for one in so_far)
        skipped.update(range(chars[0] <= most, beyond))
        counted = [one for at, one in enumerate(texts.turns) if at not in skipped]
        flat = [*texts.fixed, *(text for one in counted for text in one)]
        tokens = iter(self.counting.of(model, flat))
        fixed = sum(next(tokens) for _ in texts.fixed) + texts.fixed_more
        turns = [
            chars[at] // _CHARS_A_TOKEN if at in skipped else sum(next(tokens) for _ in one) + texts.more[at]
            for at, one in enumerate(texts.turns)
        ]
        return math.ceil(fixed * ratio), [math.ceil(one * ratio) for one in turns]

    def _tokens(self, seen: Seen, text: str) -> int:
        model = seen.turn.base_model or seen.turn.model
        return math.ceil((self.counting.of(model, [text])[0] + 1) * seen.ratio) if text else 0


def _room(limit: int) -> int:
    return int(min(max(_ABSTRACT_SHARE * limit, _ABSTRACT_LEAST), _ABSTRACT_MOST))
