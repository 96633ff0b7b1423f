import pytest

from copydesk.files.names import LONGEST, LONGEST_BYTES, clean_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("essay.docx", "essay.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\essay.pdf", "essay.pdf"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\u200bb\ufeff.txt", "ab.txt"),
        ('a<b>:"c"|?*.txt', "a_b___c____.txt"),
        ("CON.txt", "_CON.txt"),
        ("lpt1", "_lpt1"),
        ("  .hidden. ", "hidden"),
        ("...", "file"),
        ("", "file"),
        (".docx", "docx"),
        ("e\u0301t\u00e9.txt", "\u00e9t\u00e9.txt"),
        ("\u8ad6\u6587.pdf", "\u8ad6\u6587.pdf"),
    ],
)
def test_names(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize("letter", ["a", "\u00e9", "\u8ad6", "\U0001f600"])
def test_long_names_keep_their_extension(letter: str) -> None:
    name = clean_name(letter * 500 + ".docx")
    assert name.endswith(".docx")
    assert len(name) <= LONGEST
    assert len(name.encode()) <= LONGEST_BYTES
