"""A thread that looks now and then: at once when it is woken, again while there is more, until a stop."""

import threading

from owui_memory.core.now_and_then import NowAndThen


def test_it_looks_when_it_is_woken_until_there_is_no_more() -> None:
    left, empty, looks = 3, threading.Event(), 0

    def look() -> bool:
        nonlocal left, looks
        looks += 1
        left -= left > 0
        if not left:
            empty.set()
        return left > 0

    thread = NowAndThen("looking", look, 3600.0)
    thread.start()
    assert not looks
    thread.wake()
    assert empty.wait(60)
    thread.stop(60)
    assert looks == 3
    thread.wake()
    assert looks == 3


def test_a_stop_waits_for_the_look_in_hand_and_for_no_other() -> None:
    began, go_on, looks = threading.Event(), threading.Event(), []

    def look() -> bool:
        looks.append(1)
        began.set()
        go_on.wait(60)
        return True

    thread = NowAndThen("looking", look, 0.001)
    thread.start()
    assert began.wait(60)
    thread.stop(0.0)
    assert thread.is_stopping
    go_on.set()
    thread.stop(60)
    assert looks == [1]
