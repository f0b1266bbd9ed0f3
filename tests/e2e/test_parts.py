"""Parts of the room on a page of their own, without a server behind them: what a field, a key and a
change on its way do when two things happen at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

import vig.ui

pytestmark = pytest.mark.browser
UI = Path(vig.ui.__file__).parent
Run = Callable[[str], Any]
"""Runs JavaScript that may import our files, and hands over what it returns."""


@pytest.fixture
def bare(chromium: Browser) -> Iterator[Page]:
    def answer(route: Route) -> None:
        name = route.request.url.partition("parts.invalid/")[2]
        if name.endswith(".js"):
            route.fulfill(body=(UI / name).read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><body></body>", content_type="text/html")

    page = chromium.new_page()
    page.route("http://parts.invalid/**", answer)
    page.goto("http://parts.invalid/")
    yield page
    page.close()


@pytest.fixture
def run(bare: Page) -> Run:
    return lambda code: bare.evaluate("async () => {" + code + "}")


def keys_read(run: Run, given: str) -> Any:
    return run(
        f"const {{ Keymap }} = await import('/player/keys.js'); return new Keymap({given}).map"
    )


def test_a_key_that_another_deed_gave_up_is_still_there_after_a_redraw(run: Run) -> None:
    assert keys_read(run, "{note: 'n', next: 'b'}") == {"note": "n", "next": "b"}
    assert keys_read(run, "{play: 'm', mark: ' '}") == {"play": "m", "mark": " "}
    # What no card of ours makes: one key for two, a key of the browser, a deed that is none.
    assert keys_read(run, "{note: 'b', next: 'b'}") == {"note": "b"}
    assert keys_read(run, "{note: 'n', next: 'F5', no: 'y'}") == {}


FIELD = """
const { put, settle } = await import('/player/dom.js');
const host = document.createElement('div');
document.body.append(host);
const field = document.createElement('input');
host.attachShadow({ mode: 'open' }).append(field);
const shown = [];
const see = () => shown.push(field.value);
"""


def test_spaces_never_change_under_the_hand_that_types(run: Run) -> None:
    said = run(
        FIELD
        + """
        field.focus();
        field.value = 'Hello  you ';
        put(field, 'Hello you'); see();
        field.blur(); settle(field); see();
        field.focus();
        put(field, 'Look at me'); see();
        return shown;
        """
    )
    assert said == ["Hello  you ", "Hello you", "Look at me"]


SAVER = """
const { Saver } = await import('/player/saves.js');
const sent = [];
const saver = new Saver((kind, fields) => sent.push(fields), () => {});
const heard = (words) => {
  const number = sent.length;
  saver.heard({ heard: number, refused: words ? { number, words } : null });
};
const change = (fields) => { saver.touch('clip-change', fields); saver.flush(); };
"""


def test_a_refused_field_is_not_sent_with_the_next_change(run: Run) -> None:
    sent, words, dirty = run(
        SAVER
        + """
        change({ principles: ['gone'] }); heard('It was withdrawn.');
        change({ title: 'Hello' }); heard(null);
        const { words } = saver;
        const dirty = saver.dirty('principles');
        change({ principles: ['here'] }); heard(null);
        return [sent, words, dirty && !saver.dirty('principles') && !saver.unsaved];
        """
    )
    assert sent == [{"principles": ["gone"]}, {"title": "Hello"}, {"principles": ["here"]}]
    assert words == "Not saved: It was withdrawn. Your words are kept here."
    assert dirty


def test_after_a_conflict_everything_that_waits_goes_together(run: Run) -> None:
    sent = run(
        SAVER
        + """
        change({ title: 'Mine' }); saver.hold(true); heard('Somebody changed it.');
        change({ note: 'Also' });
        const before = sent.length;
        saver.hold(false); saver.flush();
        return [before, sent[1]];
        """
    )
    assert sent == [1, {"title": "Mine", "note": "Also"}]


def test_leaving_with_unsaved_words_is_asked_about_but_not_behind_a_locked_door(run: Run) -> None:
    asked = run(
        SAVER
        + """
        const leave = () => !dispatchEvent(new Event('beforeunload', { cancelable: true }));
        const asked = [leave()];
        saver.touch('question', { words: 'How?' });
        asked.push(leave());
        document.body.style.visibility = 'hidden';
        asked.push(leave());
        document.body.style.visibility = '';
        heard(null);
        asked.push(leave());
        return [...asked, sent.length];
        """
    )
    assert asked == [False, True, False, False, 1]


PEOPLE = """
const { People } = await import('/player/people.js');
const room = { queue: [], said: [], film: { pause() {} } };
room.say = (kind, moment, more) => room.queue.push({ kind, ...more });
const people = new People(room);
document.body.append(people.dialog);
const person = (id, as) => ({ id, as, picture: 'x.png', box: [0, 0, 1, 1] });
const data = (as, looking) => ({
  picture: 'F-014', people: [person('1', as), person('2', 'baby')], roles: [['parent', 'Mum'], ['baby', 'Baby']],
  cues: { looking, smiling: true }, people_words: '',
});
people.update(data('parent', true));
people.open();
"""


def test_a_choice_on_its_way_stands_and_the_keyboard_stays_on_it(run: Run) -> None:
    kept = run(
        PEOPLE
        + """
        const box = people.dialog.querySelector('[type=checkbox]');
        const baby = people.dialog.querySelector('[value=baby]');
        box.focus(); box.click();
        baby.click();
        people.update(data('parent', true));
        const waiting = [box.checked, baby.checked, document.activeElement === box];
        room.queue.length = 0;
        people.update(data('parent', true)); // it was refused
        return [...waiting, box.checked, baby.checked, document.activeElement === box];
        """
    )
    assert kept == [False, True, True, True, False, True]


@pytest.mark.parametrize(
    ("element", "hides"),
    [
        ("<input type=checkbox>", True),
        ("<input type=radio>", True),
        ("<select><option>1</option></select>", True),
        ("<button>Keep</button>", True),
        ("<input>", False),
        ("<textarea></textarea>", False),
    ],
)
def test_the_curtain_falls_unless_somebody_types(bare: Page, element: str, hides: bool) -> None:
    bare.evaluate(
        """async (html) => {
          const { listen } = await import('/door/curtain.js');
          listen(() => [], new AbortController().signal);
          document.body.innerHTML = html;
          document.body.firstChild.focus();
        }""",
        element,
    )
    bare.keyboard.press(".")
    assert bare.locator("#vig-curtain").is_visible() is hides


@pytest.mark.parametrize(
    ("element", "heard"),
    [
        ("<input type=radio>", ["curtain", "next"]),
        ("<button role=tab>Notes</button>", ["curtain", "next"]),
        ("<select><option>1</option></select>", ["curtain"]),
        ("<input>", []),
    ],
)
def test_letters_work_wherever_they_mean_nothing_else(
    bare: Page, element: str, heard: list[str]
) -> None:
    bare.evaluate(
        """async (html) => {
          const { Keyboard, Keymap } = await import('/player/keys.js');
          document.body.innerHTML = html;
          window.done = [];
          const room = { root: document.body, closes: () => false, act: (deed) => window.done.push(deed) };
          new Keyboard(room, new Keymap(), new AbortController().signal);
          document.body.firstChild.focus();
        }""",
        element,
    )
    for key in ("h", "n", "ArrowRight"):
        bare.keyboard.press(key)
    assert bare.evaluate("window.done") == heard


NOTES = """
const { Notes } = await import('/player/notes.js');
const said = [];
const room = { queue: [], data: null, tell_() {}, framesOf: () => [0, 1], film: {} };
room.say = (kind, moment, more) => (said.push(kind), room.queue.push({ kind, number: said.length, ...more }), said.length);
const root = document.createElement('div');
document.body.append(root);
const notes = new Notes({ room }, root);
const note = (more) => ({ id: 'a', start: 0, end: 2e6, words: 'Look', by: '', mine: true, version: 1, ...more });
const tell = (list, more = {}) => { room.data = { heard: 0, notes: list, ...more }; notes.update(room.data); };
tell([note()]);
const words = root.querySelector('textarea');
const type = (typed) => { words.value = typed; words.dispatchEvent(new Event('input')); };
words.focus();
"""


def test_words_of_a_note_outlive_an_edge_that_moves_meanwhile(run: Run) -> None:
    kept = run(
        NOTES
        + """
        type('Look here'); words.blur(); words.focus(); // on its way
        type('Look here now'); // waits
        tell([note({ start: 1e6, version: 2 })]);
        const same = root.querySelector('textarea') === words && document.activeElement === words;
        room.queue.length = 0;
        tell([note({ start: 1e6, words: 'Look here', version: 3 })], { heard: 1 });
        return [same, words.value, said, root.querySelector('[data-focus=play]').textContent];
        """
    )
    assert kept == [True, "Look here now", ["note-change", "note-change"], "0:01 to 0:02"]


def test_words_of_a_note_stay_until_its_removal_is_heard(run: Run) -> None:
    kept = run(
        NOTES
        + """
        type('Look here');
        root.querySelector('[data-focus=remove]').click();
        tell([note()]);
        const waiting = [words.value, [...said]];
        room.queue.length = 0;
        tell([note({ version: 2 })], { heard: 1, refused: { number: 1, words: 'Somebody changed it.' } });
        words.blur();
        return [...waiting, words.value, said];
        """
    )
    assert kept == [
        "Look here",
        ["note-drop"],
        "Look here",
        ["note-drop", "note-change"],
    ]


def test_with_single_keys_off_the_timeline_leaves_its_own_alone_too(run: Run) -> None:
    done = run(
        """
        const { Timeline } = await import('/player/timeline.js');
        const done = [];
        for (const off of [false, true]) {
          const room = { keymap: { off }, keyboard: { busy: () => false } };
          const line = { film: { ready: true }, place: document.body, room, act: (deed) => done.push([off, deed]) };
          for (const key of '+-0') Timeline.prototype.key.call(line, new KeyboardEvent('keydown', { key }));
        }
        return done;
        """
    )
    assert done == [[False, "zoom-in"], [False, "zoom-out"], [False, "whole"]]
