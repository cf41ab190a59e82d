"""The keys of the review, which are those of the page in the browser."""

from __future__ import annotations

from albumclean.domain import PhotoFacts
from albumclean.review.session import Question

# Key and Textual action.
ACTIONS: tuple[tuple[str, str], ...] = (
    ("up", "move(-1)"),
    ("down", "move(1)"),
    ("left", "member(-1)"),
    ("right", "member(1)"),
    ("pageup", "page(-1)"),
    ("pagedown", "page(1)"),
    ("home", "edge(-1)"),
    ("end", "edge(1)"),
    ("left_square_bracket,G", "group(-1)"),
    ("right_square_bracket,g", "group(1)"),
    ("enter", "large"),
    ("escape", "leave"),
    ("t", "answer('trash')"),
    ("k", "answer('keep')"),
    ("n", "answer('not-a-duplicate')"),
    ("s", "answer('skip')"),
    ("u", "undo"),
    ("space", "stay_or_go"),
    ("o", "open"),
    ("a", "ask_score"),
    ("slash", "ask_filter"),
    ("f", "forget"),
    ("shift+up", "scroll(-1)"),
    ("shift+down", "scroll(1)"),
    ("question_mark,f1", "help"),
    ("q", "finish"),
)

# What the help says: heading, then keys and their meaning.
HELP: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Answer",
        (
            ("t", "trash: the photo; of a group all that are marked ✗ goes"),
            ("k", "keep: the photo; of a group all of them"),
            ("n", "not a duplicate: these are no copies of each other, and are never shown together again"),
            ("s", "skip: ask again next time"),
            ("u", "undo the latest answer, or all that a took"),
            ("a", "trash every open photo in the list that scores below a number; shows how many, and asks"),
        ),
    ),
    (
        "Groups",
        (
            ("← →", "look at another photo of the group"),
            ("1-9", "choose the keeper: that one stays, the others go"),
            ("Space", "let the photo that you look at (▶) stay or go as well"),
        ),
    ),
    (
        "Look around",
        (
            ("↑ ↓", "another question; PageUp, PageDown, Home and End go further"),
            ("[ ]", "the previous or the next group (G and g do the same)"),
            ("Enter", "the photo as large as the terminal; ← → change the photo, Enter or Esc go back"),
            ("o", "open the photo in your system's viewer"),
            (
                "/",
                "show only some: a part of a path, kind:photo, kind:copies, kind:exact, kind:moment, is:open, is:trash",
            ),
            ("Shift ↑ ↓", "scroll the words about the photo"),
        ),
    ),
    (
        "End",
        (
            ("q", "go to the last page, which shows what would move and asks; nothing moves before"),
            ("f", "forget what you chose to trash in earlier reviews and did not move"),
            ("Ctrl-C", "leave at once; every answer is already remembered"),
        ),
    ),
)


def hints(question: Question | None, staying: int, focused: PhotoFacts | None, width: int) -> list[str]:
    """The most useful keys for a question, each as "key meaning", as many as fit into two lines of `width`."""
    if question is None:
        wanted = ["/ filter", "q finish", "? all keys"]
    elif question.group is None or focused is None:
        wanted = ["t trash", "k keep", "s skip", "u undo", "Enter large", "q finish", "? all keys"]
        wanted += ["a all below", "/ filter", "o open", "] next group"]
    else:
        members = len(question.members)
        going = members - staying
        wanted = [
            f"t trash {going} of {members}",
            "k keep all",
            "n not a duplicate",
            "s skip",
            "u undo",
            f"1-{min(9, members)} keeper",
            "Space stay/go",
            "Enter large",
            "q finish",
            "? all keys",
            "/ filter",
            "o open",
        ]
    lines = [""]
    for hint in wanted:
        if lines[-1] and len(lines[-1]) + len(hint) + 3 > width:
            if len(lines) == 2:
                break
            lines.append("")
        lines[-1] += f"   {hint}" if lines[-1] else hint
    return lines
