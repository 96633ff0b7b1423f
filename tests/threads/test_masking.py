"""What is taken out of a message and what stays: one line a case."""

import time

import pytest

from copydesk.threads.masking import mask
from copydesk.threads.policies import SOURCE_HOSTS

CONTACTS = (
    ("write to john.smith@gmail.com please", "write to [removed] please", {"email": 1}),
    ("john @ gmail . com", "[removed]", {"email": 1}),
    ("john (at) gmail (dot) com", "[removed]", {"email": 1}),
    ("john[at]gmail[dot]com", "[removed]", {"email": 1}),
    ("john at gmail dot com", "[removed]", {"email": 1}),
    ("john dot smith at gmail dot com", "[removed]", {"email": 1}),
    ("john at gmail.com", "[removed]", {"email": 1}),
    ("johnsmith@gmail", "[removed]", {"email": 1}),
    ("email me: johnsmith at gmail", "email me: [removed]", {"email": 1}),
    ("j o h n @ g m a i l . c o m", "[removed]", {"email": 1}),
    ("\uff4a\uff4f\uff48\uff4e\uff20\uff47\uff4d\uff41\uff49\uff4c\uff0e\uff43\uff4f\uff4d", "[removed]", {"email": 1}),
    ("john@uni\u200bversity.edu", "[removed]", {"email": 1}),
    ("my address is john_at_yahoo_dot_com", "my address is [removed]", {"email": 1}),
    ("call me +1 (555) 123-4567", "call me [removed]", {"phone": 1}),
    ("+44 20 7946 0958", "[removed]", {"phone": 1}),
    ("0044 20 7946 0958", "[removed]", {"phone": 1}),
    ("555-123-4567", "[removed]", {"phone": 1}),
    ("(555) 123 4567", "[removed]", {"phone": 1}),
    ("5551234567", "[removed]", {"phone": 1}),
    ("07700 900 123", "[removed]", {"phone": 1}),
    ("06 12 34 56 78", "[removed]", {"phone": 1}),
    ("phone: 123-4567", "phone: [removed]", {"phone": 1}),
    ("my number is 123 4567 89", "my number is [removed]", {"phone": 1}),
    ("five five five one two three four five six seven", "[removed]", {"phone": 1}),
    ("5 five 5 one 2 three 4 five 6 7", "[removed]", {"phone": 1}),
    ("5 5 5 1 2 3 4 8 6 7", "[removed]", {"phone": 1}),
    ("\u0660\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663", "[removed]", {"phone": 1}),
    ("https://www.mysite.net/contact", "[removed]", {"link": 1}),
    ("www.mysite.co.ke", "[removed]", {"link": 1}),
    ("see mysite.com", "see [removed]", {"link": 1}),
    ("mysite dot com", "[removed]", {"link": 1}),
    ("mysite[.]com", "[removed]", {"link": 1}),
    ("https://doi.org@evil.com/x", "[removed]", {"link": 1}),
    ("t.me/johnny", "[removed]", {"link": 1}),
    ("wa.me/15551234567", "[removed]", {"link": 1}),
    ("discord.gg/abcDEF", "[removed]", {"link": 1}),
    ("my telegram is johnny", "my telegram is [removed]", {"handle": 1}),
    ("Telegram: @johnny_w", "Telegram: [removed]", {"handle": 1}),
    ("add me on skype: live.john", "add me on skype: [removed]", {"handle": 1}),
    ("Skype: johnwriter", "Skype: [removed]", {"handle": 1}),
    ("my whatsapp number is 5551234567", "my whatsapp number is [removed]", {"phone": 1}),
    ("find me on instagram as john_writes", "find me on instagram as [removed]", {"handle": 1}),
    ("discord id johnny#1234", "discord id [removed]", {"handle": 1}),
    ("johnny#1234", "[removed]", {"handle": 1}),
    ("@johnny_writer", "[removed]", {"handle": 1}),
    ("ig: john.doe99", "ig: [removed]", {"handle": 1}),
    ("my fb is John.Smith.Writer", "my fb is [removed]", {"handle": 1}),
    ("snapchat username: johnnyboy", "snapchat username: [removed]", {"handle": 1}),
    ("contact me via facebook john.smith.90", "contact me via facebook [removed]", {"handle": 1}),
    ("reach me on tg @jo_hn", "reach me on tg [removed]", {"handle": 1}),
    ("text me at 7700 900123", "text me at [removed]", {"phone": 1}),
    ("docs.google.com/forms/d/abc", "[removed]", {"link": 1}),
    ("linkedin.com/in/john-smith", "[removed]", {"link": 1}),
    ("zoom.us/j/12345", "[removed]", {"link": 1}),
)
ORDINARY = (
    "Smith et al. (2019, pp. 123-145) found p < 0.001 and M = 3.25, SD = 0.41.",
    "The World War (1914-1918) and 1939\u20131945; see 1990, 1991, 1992 and 2001 2002 2003.",
    "ISBN 978-0-306-40615-7 and ISBN 0-306-40615-2",
    "9780306406157",
    "ISSN 0378-5955, DOI 10.1016/0304-3878(94)00012-1, https://doi.org/10.1037/0003-066X.59.1.29",
    "arXiv:2101.00001v2, PMID: 31452104, ORCID 0000-0002-1825-0097",
    "The price is $1,250.00 or USD 3000000000, 4,500,000 people, 7 800 000 000 people",
    "On 2024-05-17 at 10:30, or 17.05.2024 10.30, deadline 05/06/2024 17:00",
    "The dot com bubble of 2000",
    "Telegram is used widely; Facebook and Instagram usage among teens.",
    "Instagram: a study of influence. Facebook: friend or foe?",
    "Twitter data and signal processing; line 42 of the code; zoom in on results",
    "precision@10 and recall@k",
    "@Override public void run() and @media queries",
    "Obama, B. [@BarackObama]. (2020). and [@smith2020, p. 3]",
    "ASP.NET and Node.js, e.g. this, i.e. that, U.S. and U.K. markets",
    "Please meet the requirement at page 3. Thanks",
    "He looked at Yahoo and at Gmail as companies",
    "Likert scores were 12 15 18 22 30 in the 5 groups",
    "count one, two, three, four, five, six, seven, eight",
    "Retrieved from https://www.nytimes.com/2020/01/01/us/x.html",
    "https://www.stanford.edu/~x/page and https://www.who.int/news",
    "Order #1042 and order number 12345678",
    "0.05 0.01 0.001 0.0001",
    "n = 1234567",
    "coordinates 51.50735, -0.12776",
    "Use chapter 3.2.1 and section 10.4.2.1 of the book",
    "Amazon.com, Inc. (2020)",
    "I will call you when 3 of 10 pages are done",
    "phone use among 1200 students in 2019",
    "we call 1914-1918 the Great War",
    "Add 2 pages, 550 words, 12 pt Times New Roman, 1.5 spacing",
    '"Write me at least 3 paragraphs", 10 sources, 2015-2024',
    "The message at hand is clear",
    "1 2 3 4 5 6 7 8 9 10",
    "33.3% of 1,204 and 1.5 million",
    "The text 1984 by Orwell, 451 by Bradbury",
    "Formula x_1 + y_2 = z@3; a@b",
    "file.docx and notes.txt and main.py and essay_final.pdf",
    "The result.In addition",
    "John 3:16, Article 21(1)(a), \xa7 1983, 42 U.S.C. 1983",
    "My discord with this view is 3-fold",
)


def masked(text: str, *words: str) -> tuple[str, dict[str, int]]:
    found = mask(text, words=words, source_hosts=SOURCE_HOSTS)
    return found.text, found.counts


@pytest.mark.parametrize(("text", "left", "counts"), CONTACTS)
def test_contact_details_go(text: str, left: str, counts: dict[str, int]) -> None:
    assert masked(text) == (left, counts)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    assert masked(text) == (text, {})


def test_several_of_each_kind_are_counted() -> None:
    text = (
        "Mail a.b@example.com or c@example.org, call +1 555 123 4567, see https://example.net. Page 12 of 2019 is fine."
    )
    left = "Mail [removed] or [removed], call [removed], see [removed] Page 12 of 2019 is fine."
    assert masked(text) == (left, {"email": 2, "phone": 1, "link": 1})


def test_masking_twice_changes_nothing_more() -> None:
    for text, left, _ in CONTACTS:
        assert masked(left) == (left, {}), text


def test_words_of_the_website_go_as_words_only() -> None:
    text = "Use PayPal or pay pals; paypal! Overpaypal stays."
    assert masked(text, "paypal") == ("Use [removed] or pay pals; [removed]! Overpaypal stays.", {"word": 2})


def test_an_empty_list_of_words_masks_nothing() -> None:
    assert masked("Anything", "", "  ") == ("Anything", {})


def test_a_website_decides_which_links_stay() -> None:
    text = "https://example.com/a and https://sub.example.org/b"
    found = mask(text, source_hosts=("example.org",))
    assert (found.text, found.counts) == ("[removed] and https://sub.example.org/b", {"link": 1})


@pytest.mark.parametrize("unit", ["a.", "a@", "1 ", "1-", "_-", " dot", "a at ", "\n", "@a ", "my telegram is ", "(("])
def test_no_text_takes_long(unit: str) -> None:
    start = time.process_time()
    masked((unit * 10_000)[:10_000])
    assert time.process_time() - start < 2
