"""Pure: clauses of a text, divided by its marks. Some end with a question mark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.text.words import Word

_MARK = re.compile(r"[,;:!?\n\r\u2026]+|(?<=[^\W_]{4})\.(?![0-9])|\.(?=\s*\Z)")
"""Mark between clauses. A full stop behind a short word is an abbreviation: `kel. Klego`, `no. 3`."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """Number of the clause of each word, and the clauses that end with a question mark. Without numbers all is one."""

    numbers: tuple[int, ...] = ()
    questions: frozenset[int] = frozenset()

    def number_of(self, at: int) -> int:
        """Return the number of the clause of the word at this position."""
        return self.numbers[at] if self.numbers else 0

    def start_of(self, at: int) -> int:
        """Return the position of the first word in the clause of the word at this position."""
        return self.numbers.index(self.numbers[at]) if self.numbers else 0

    def end_of(self, at: int, words: int) -> int:
        """Return the position after the last word in the clause of the word at this position, of so many `words`."""
        if not self.numbers:
            return words
        return next((position for position in range(at, words) if self.numbers[position] != self.numbers[at]), words)


ONE_CLAUSE = Clauses()


def divide(text: str, found: Sequence[Word]) -> Clauses:
    """Divide these words of `text` into clauses."""
    marks = [(mark.start(), "?" in mark[0]) for mark in _MARK.finditer(text)]
    numbers: list[int] = []
    number = 0
    for _, end in found:
        while number < len(marks) and marks[number][0] < end:
            number += 1
        numbers.append(number)
    questions = {number for number, (_, is_question) in enumerate(marks) if is_question}
    return Clauses(tuple(numbers), _with_words_before(questions, numbers))


def _with_words_before(questions: set[int], numbers: Sequence[int]) -> frozenset[int]:
    """Return the clauses with words that end with a question, also where marks follow each other: `klego,?`."""
    used = {*numbers}
    return frozenset(max((number for number in used if number <= question), default=question) for question in questions)
