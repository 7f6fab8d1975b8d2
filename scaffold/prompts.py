"""The terminal: the only module that asks. Escape goes back, Ctrl-C leaves."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import questionary
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent, merge_key_bindings
from prompt_toolkit.keys import Keys

from scaffold import interview, talk
from scaffold.catalogue import Catalogue
from scaffold.new import Draft, Request
from scaffold.offers import Option
from scaffold.talk import Entry, GoBack

_BACK = object()
_INDENT = 7
_INTRO = "Enter takes what is offered, Escape goes back, Ctrl-C leaves. Nothing is written before the end."


def ask(request: Request, draft: Draft, catalogue: Catalogue) -> Draft | None:
    """The draft with every question answered, or None where the user leaves."""
    asker = Terminal()
    asker.say(_INTRO)
    return interview.run(talk.begin(request, draft, catalogue, asker))


def recommend(request: Request, draft: Draft, catalogue: Catalogue, entry: Entry) -> None:
    """Has the questions of the decision chart answered that the entry does not know yet."""
    asker = Terminal()
    asker.say(_INTRO)
    conversation = replace(talk.begin(request, draft, catalogue, asker), entries=[entry])
    interview.choose(conversation, entry)


class Terminal:
    """questionary's prompts. Titles are plain strings: styled ones crash with its search filter."""

    def say(self, text: str) -> None:
        if text:
            questionary.print(text)

    def text(self, question: str, default: str) -> str:
        return str(_asked(questionary.text(question, default=default)))

    def choose(self, question: str, options: Sequence[Option], default: str) -> str:
        choices = [_choice(option) for option in options]
        taken = [o.value for o in options if not o.obstacle]
        start = default if default in taken else taken[0] if taken else None
        return str(_asked(questionary.select(question, choices, default=start)))

    def pick(self, question: str, options: Sequence[Option], default: Sequence[str]) -> list[str]:
        choices = [_choice(o, checked=o.value in default and not o.obstacle) for o in options]
        return [str(value) for value in _asked(questionary.checkbox(question, choices))]

    def confirm(self, question: str, *, default: bool) -> bool:
        return bool(_asked(questionary.confirm(question, default=default)))


def _choice(option: Option, *, checked: bool = False) -> questionary.Choice:
    """Lines are broken here, since a list of choices cuts what is wider than the terminal."""
    if option.obstacle:
        title, _, _ = option.title.partition(":")
        reason = _wrapped(f"{title} ({option.obstacle}")[len(title) + 2 :]
        return questionary.Choice(title, value=option.value, disabled=reason)
    return questionary.Choice(_wrapped(option.title), value=option.value, checked=checked)


def _wrapped(text: str) -> str:
    width = max(shutil.get_terminal_size().columns - _INDENT - 2, 20)
    return textwrap.fill(text, width, subsequent_indent=" " * _INDENT)


def _asked(question: questionary.Question) -> Any:
    keys = KeyBindings()

    @keys.add(Keys.Escape, eager=True)
    def back(event: KeyPressEvent) -> None:
        event.app.exit(result=_BACK)

    own = question.application.key_bindings
    question.application.key_bindings = merge_key_bindings([own, keys] if own else [keys])
    question.application.ttimeoutlen = 0.1  # Escape alone, or the first byte of an arrow key
    answer = question.unsafe_ask()
    if answer is _BACK:
        raise GoBack
    return answer
