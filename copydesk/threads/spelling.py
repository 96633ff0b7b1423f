"""How people spell what they should not send: the patterns that masking reads a text with."""

from __future__ import annotations

import re


def _pattern(text: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile(text, flags | re.VERBOSE)


# E-mail addresses

TLD = (
    r"(?:com|net|org|info|biz|edu|gov|io|ai|app|dev|me|co|tv|cc|gg|ly|link|site|online|page|bio|xyz|club|pro|email|uk|"
    r"us|"
    r"ca|au|nz|ie|de|fr|es|it|pt|nl|be|ch|at|se|no|fi|dk|pl|cz|sk|hu|ro|bg|gr|tr|ru|ua|by|kz|in|pk|bd|lk|ph|id|my|sg|"
    r"cn|jp|kr|vn|th|za|ke|ng|gh|eg|ae|sa|il|br|mx|ar|cl|eu)"
)
MAIL_HOSTS = r"(?:gmail|googlemail|yahoo|hotmail|outlook|icloud|proton|protonmail|gmx|aol|yandex|zoho|tutanota)"
LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}"
LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
AT_SIGN = r"(?: \s{0,4}[\[({<*_~-]{1,3}\s{0,4}(?:at|@|arroba|собака)\s{0,4}[\])}>*_~-]{1,3}\s{0,4} )"
DOT_SIGN = (
    r"(?: \s{0,4}[\[({<*_~-]{1,3}\s{0,4}(?:dot|d0t|punkt|\.)\s{0,4}[\])}>*_~-]{1,3}\s{0,4}"
    r"  | \s{1,4}dot\s{1,4} | \s{0,4}\.\s{0,4} )"
)

EMAILS = (
    _pattern(rf"{LOCAL}\s{{0,2}}@\s{{0,2}}{LABEL}(?:\.{LABEL})*\.[^\W\d_]{{2,24}}(?!\w)"),
    _pattern(rf"{LOCAL}\s{{0,4}}@\s{{0,4}}{LABEL}(?:{DOT_SIGN}{LABEL}){{0,3}}{DOT_SIGN}{TLD}(?!\w)"),
    _pattern(rf"{LOCAL}{AT_SIGN}{LABEL}(?:{DOT_SIGN}{LABEL}){{0,3}}{DOT_SIGN}[^\W\d_]{{2,24}}(?!\w)"),
    _pattern(rf"{LOCAL}{AT_SIGN}{MAIL_HOSTS}(?!\w)"),
    _pattern(rf"{LOCAL}@{MAIL_HOSTS}(?!\w)"),
    _pattern(
        rf"{LOCAL}\s{{1,4}}at\s{{1,4}}{LABEL}(?:(?:\s{{1,4}}dot\s{{1,4}}|\.){LABEL}){{0,3}}"
        rf"(?:\s{{1,4}}dot\s{{1,4}}){TLD}(?!\w)"
    ),
    _pattern(
        rf"{LOCAL}(?:\s{{1,4}}dot\s{{1,4}}{LABEL}){{0,3}}"
        rf"\s{{1,4}}at\s{{1,4}}{MAIL_HOSTS}\s{{0,4}}(?:dot|\.)\s{{0,4}}{TLD}(?!\w)"
    ),
    _pattern(
        rf"(?:mail|write|reach|contact|address)\b[^.\n]{{0,30}}?\b"
        rf"(?P<found>[\w.+-]{{3,64}}\s{{1,4}}at\s{{1,4}}{MAIL_HOSTS})\b"
    ),
    _pattern(r"(?<!\w)(?:[\w.][ ]){2,}@(?:[ ][\w.]){3,}(?!\w)"),
)

# Links

URL = _pattern(
    r"(?:h(?:tt|xx)ps?|ftp)\s?:\s?/\s?/\s?(?:www\.)?(?P<netloc>[^\s/?\#<>\"']+)(?:[^\s<>\"']*[^\s<>\"'.,;:!?)\]])?"
)
DOMAIN = _pattern(
    rf"(?<![\w@./-])(?!(?:asp|vb|ado|c\#)\.net\b)"
    rf"(?:www\.(?P<www>))?(?P<netloc>(?:{LABEL}\.)+(?:{TLD}|(?(www)[^\W\d_]{{2,24}}|(?!))))"
    rf"(?![\w@-]|\.\w)(?:[:/?](?:[^\s<>\"']*[^\s<>\"'.,;:!?)\]])?)?"
)
WORDS_AS_TLD = frozenset({"in", "it", "at", "no", "be", "my", "se", "id", "link", "page", "online", "site"})
SPELLED_DOMAIN = _pattern(
    rf"(?<!\w)(?!(?:the|a|an|of|this|that|early|late|during|every|and|or|in|by|most|some|many|for|to|from)\s)"
    rf"{LABEL}(?:\s{{1,4}}dot\s{{1,4}}|\s{{0,4}}[\[({{<]\s{{0,4}}(?:dot|\.)\s{{0,4}}[\])}}>]\s{{0,4}}){TLD}(?!\w)"
    r"(?!\s{1,4}(?:bubble|boom|crash|era|crisis|compan|bust|mania))"
)

# Handles of messengers

MESSENGER = (
    r"(?:telegram|telegramm|whats?\s?app|viber|skype|discord|instagram|snapchat|wechat|weixin|facebook|messenger|kik|"
    r"linkedin|twitter|tiktok|threema|signal|insta|imessage|facetime|zoom|vk)"
)
SHORT_MESSENGER = r"(?:tg|wa|ig|fb|dc|snap|insta|line)"
CUE = (
    r"\b(?:my|add|find|reach|message|text|ping|dm|write|contact|hit|follow|catch|mail|call)\b"
    r"(?:\s{1,4}(?:me|us|up|to|on|at|via|in|through|by|over|is|you|can|also))*"
)
NAMED = r"(?:\s{1,4}(?:id|user\s?name|user|handle|nick(?:name)?|account|acc|tag|contact|login|name|number))"
ANY_NAME = r"@?[\w][\w.\-\#]{2,40}(?<![.\-])"
MARKED_NAME = r"(?:@[\w.]{3,40}|(?=[\w.-]*(?:[\d_]|[a-z]\.[a-z]))[a-z][\w.-]{2,40}(?<![.\-]))"

SAYS = r"(?:\s{1,4}is\s{1,4}|\s{0,4}[:=]\s{0,4}|\s{1,4}-\s{1,4})"

MESSENGER_HANDLES = (
    _pattern(rf"{CUE}\s{{1,4}}(?:{MESSENGER}|{SHORT_MESSENGER}){NAMED}?{SAYS}(?P<found>{ANY_NAME})"),
    _pattern(rf"\b(?:{MESSENGER}|{SHORT_MESSENGER}){NAMED}(?:{SAYS}|\s{{1,4}}(?=[@\d_]))(?P<found>{ANY_NAME})"),
    _pattern(rf"\b{MESSENGER}\s{{0,4}}[:=]\s{{0,4}}(?P<found>{MARKED_NAME})"),
    _pattern(
        rf"^\s{{0,4}}{SHORT_MESSENGER}\s{{0,4}}[:=]\s{{0,4}}(?P<found>{MARKED_NAME})", re.IGNORECASE | re.MULTILINE
    ),
    _pattern(
        rf"^\s{{0,4}}{MESSENGER}\s{{0,4}}[:=]\s{{0,4}}(?P<found>{ANY_NAME})\s{{0,4}}[.;,]?\s{{0,4}}$",
        re.IGNORECASE | re.MULTILINE,
    ),
    _pattern(
        rf"{CUE}\s{{1,4}}(?:{MESSENGER}|{SHORT_MESSENGER})\s{{0,4}},?\s{{1,4}}"
        rf"(?:as\s{{1,4}}|under\s{{1,4}})?(?P<found>{MARKED_NAME})"
    ),
)
HANDLE = _pattern(r"(?<![\w@./])@(?P<name>[a-z_][\w.]{1,40}\w)(?!\w|@)")
HANDLE_CITED = _pattern(r"\[-?@[\w:.-]+(?:\]\.?\s{0,4}\(?\d{4}|\d{4}[a-z]?(?:\]|,|;))")
# fmt: off
CODE_WORDS = frozenset({
    "override", "param", "return", "returns", "throws", "author", "media", "import", "charset", "property",
    "staticmethod", "classmethod", "dataclass", "test", "before", "after", "beforeeach", "aftereach", "autowired",
    "component", "service", "entity", "table", "column", "inject", "interface", "deprecated", "suppresswarnings",
    "functionalinterface", "app_route", "keyframes", "supports", "include", "mixin", "extend", "fontface",
    "decorator", "see", "since", "version", "article", "book", "inproceedings", "misc", "incollection", "phdthesis",
    "techreport", "online",
})
# fmt: on
DISCORD_TAG = _pattern(r"(?<![\w\#&])(?P<name>[a-z_][\w.]{1,31})\#\d{4}(?!\w)")
# fmt: off
DISCORD_WORDS = frozenset({
    "order", "issue", "ticket", "case", "page", "question", "chapter", "number", "no", "section", "item", "id",
    "task",
})
# fmt: on

# Telephone numbers

SEPARATOR = r"[\s.()/\u2010-\u2015-]{0,3}"
NUMBERS = (
    _pattern(r"\b10\.\d{4,9}/[^\s\"<>]+"),
    _pattern(r"(?<![\d.])(?P<isbn>97[89][\s-]?(?:\d[\s-]?){9}\d|(?:\d[\s-]?){9}[\dX])(?![\d])"),
    _pattern(r"\bissn:?\s{0,4}\d{4}-\d{3}[\dX]"),
    _pattern(r"\b\d{4}-\d{4}-\d{4}-\d{3}[\dX]\b"),
    _pattern(
        r"\b(?:arxiv|pmid|pmcid|pmc|doi|nct|issue|order|ticket|invoice|grant|case|isbn)\b"
        r"\s?(?:no\.?|number|id)?[:\#]?\s{0,4}\#?\d[\d.-]*"
    ),
    _pattern(r"(?<!\d)\d{4}[-./]\d{1,2}[-./]\d{1,2}(?!\d)|(?<!\d)\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d{2}(?!\d)"),
    _pattern(
        r"(?<!\d)(?:1\d|20)\d{2}(?:\s?[-\u2013\u2014/,]\s?|\s)"
        r"(?:(?:1\d|20)\d{2}(?!\d)(?:\s?[-\u2013\u2014/,]\s?|\s)?)+(?!\d)"
    ),
    _pattern(r"(?:[$€£¥₹]|\b(?:usd|eur|gbp|aud|cad|inr|chf)\b)\s?\d[\d\s.,]{0,20}"),
    _pattern(
        r"(?<![\d.,])\d[\d\s.,]{0,20}"
        r"(?:[$€£¥₹%]|(?:usd|eur|gbp|dollars|euros|pounds|percent|people|million|billion|words)\b)"
    ),
    _pattern(r"(?<![\d.+(])[1-9]\d{0,2}(?:,\d{3}){1,6}(?:\.\d{1,6})?(?!\d)"),
    _pattern(r"(?<![\d.+(])[1-9]\d{0,2}(?:\s\d{3}){2,6}(?!\s?\d)"),
    _pattern(r"(?<!\d)[1-9]\d{0,14}0{6,15}(?!\d)"),
    _pattern(r"(?<!\d)\d{1,6}\.\d{5,20}"),
)
PHONES = (
    _pattern(rf"(?<![\w.])(?P<found>(?:\+|00)\s?\(?\d(?:{SEPARATOR}\d){{6,14}})(?!\d)"),
    _pattern(
        r"(?<![\w.,/-])(?P<found>(?:1[\s.-]?)?(?:\(\d{3}\)[\s.-]{0,2}|\d{3}[\s.\u2010-\u2015-])"
        r"\d{3}[\s.\u2010-\u2015-]?\d{4})(?![\w-]|[.,/]\d)"
    ),
    _pattern(r"(?<![\w.,/-])(?P<found>\d{10,15})(?![\w-]|[.,/]\d)"),
    _pattern(r"(?<![\w.,/-])(?P<found>\(?0\d{1,4}\)?(?:[\s.\u2010-\u2015-]{1,2}\d{2,4}){2,5})(?![\w-]|[.,/]\d)"),
    _pattern(r"(?<![\w.,/-])(?P<found>0[1-9]\d{8,9})(?![\w-]|[.,/]\d)"),
)
CUED_PHONE = _pattern(
    rf"\b(?:call|phone|telephone|tel|mobile|cell|whats?\s?app|wa|viber|sms|ring"
    r"|text\s{1,4}me|my\s{1,4}number|reach\s{1,4}me)\b"
    rf"[\s.:\#-]*(?:[a-z]+[\s.:]+){{0,4}}?(?P<found>\(?\+?\d(?:{SEPARATOR}\d){{6,14}})(?!\d)"
)
WORD_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
SPELLED_PHONE = _pattern(
    rf"(?<![\w.,])(?:double\s|triple\s)?(?:{WORD_DIGIT}|\d)"
    rf"(?:[\s,.\u2010-\u2015-]{{1,3}}(?:double\s|triple\s)?(?:{WORD_DIGIT}|\d)(?![\w]|[.,]\d)){{6,}}"
)
