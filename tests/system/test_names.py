"""Words of printed commands, as Windows' shells take them; tests/test_html.py has bash read the others."""

from __future__ import annotations

import pytest

from percept_cli.system.names import shell_quoted, word_quoted


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("out/a-1.png", "out/a-1.png"),
        ("C:\\out\\a.png", "C:\\out\\a.png"),
        ("größer.png", "größer.png"),
        ("", '""'),
        ("a b.png", '"a b.png"'),
        ("it's.png", '"it\'s.png"'),
        ("black & white.png", '"black & white.png"'),
        ("charts/**", '"charts/**"'),
        ("my folder\\", '"my folder\\\\"'),
        ("$home`.png", '"`$home``.png"'),
        ('test[a"b]', '"test[a`"b]"'),
        ("a\u200eb.png", '"a`u{200e}b.png"'),
    ],
)
def test_a_word_for_windows(text: str, typed: str) -> None:
    assert word_quoted(text, windows=True) == typed
    assert typed.isprintable()


def test_a_file_is_never_an_option() -> None:
    assert shell_quoted("-o", windows=True) == shell_quoted("-o", windows=False) == "./-o"
    assert shell_quoted("-o x", windows=True) == '"./-o x"'
    assert shell_quoted("-o x", windows=False) == "'./-o x'"
    assert word_quoted("--alpha", windows=True) == word_quoted("--alpha", windows=False) == "--alpha"
