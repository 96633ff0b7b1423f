"""Words of the demonstration: names, topics, what people write to each other."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Amara Ben Chloe Daniel Elena Farah George Hana Ivan Julia Karim Lena Marco Nadia Oscar Priya Quentin Rosa
    Samuel Tara Umar Vera William Ximena Yusuf Zoe Aino Bruno Clara Dmitri Esther Felix Grace Hugo Iris Jonas
    Katya Leo Mina Noah
    """
)
LAST_NAMES = _words(
    """
    Adler Baker Castro Dubois Eriksen Fischer Garcia Hansen Ibrahim Jensen Kowalski Laine Moretti Nguyen Okafor
    Petrov Quinn Rossi Schmidt Tanaka Usman Virtanen Walker Xu Young Zimmer Abbott Bennett Carter Dawson Ellis
    Fraser Griffin Hayes Irwin Joyce Keller Lawson Mercer Norris Osborne Porter Reyes Sutton Turner Vaughn Weaver
    Yates Zeller Archer
    """
)
PEN_FIRST = _words(
    """
    Quiet Bright Steady Northern Silver Patient Amber Clear Swift Gentle Keen Bold Careful Plain Marble Copper
    Rainy Early Late Distant
    """
)
PEN_LAST = _words(
    """
    Quill Page Margin Inkwell Folio Pencil Draft Ledger Stanza Chapter Preface Footnote Parchment Octavo Vellum
    Nib Index Glyph Canto Verse
    """
)
BIO = "Writes about {subjects}. {years} years of academic writing, careful with sources and deadlines."

TOPICS: dict[str, tuple[str, ...]] = {
    "history": (
        "The causes of the Thirty Years' War",
        "Trade routes of the Hanseatic League",
        "Memory of the 1918 flu",
    ),
    "literature": (
        "Silence in the novels of Woolf",
        "The unreliable narrator since 1950",
        "Homer in modern translation",
    ),
    "psychology": ("Working memory and bilingualism", "Sleep and the consolidation of learning", "Habits and reward"),
    "sociology": ("Volunteer work in ageing towns", "Housing and belonging", "Informal care across generations"),
    "business": ("Pricing of subscription services", "Supply chains after 2020", "A family firm hands over"),
    "nursing": ("Pain assessment in dementia", "Handover between shifts", "Hand hygiene: what changes behaviour"),
    "biology": ("Mycorrhiza and drought", "Gene drives and mosquitoes", "The gut and the immune system"),
    "philosophy": ("Moral luck reconsidered", "What is it to follow a rule", "Personal identity over time"),
    "economics": ("Minimum wages and small firms", "Carbon pricing in practice", "Why inflation expectations matter"),
    "law": ("Good faith in contract law", "Data protection and research", "The limits of judicial review"),
    "computer_science": (
        "Consensus in asynchronous networks",
        "Testing of compilers",
        "Privacy of recommender systems",
    ),
    "statistics": ("Multiple comparisons in field studies", "Survival analysis of start-ups", "Missing data, honestly"),
}
INSTRUCTIONS = (
    "Use at least {sources} scholarly sources, APA style. Take a clear position in the introduction and defend it.",
    "Follow the outline that is attached. {sources} sources, none older than ten years. British spelling.",
    "The reader is an informed layperson. {sources} sources, footnotes. No first person.",
)
REVISION_REASONS = (
    "The second section does not answer the question that was set.",
    "Two of the sources are not scholarly: please replace them.",
    "The conclusion repeats the introduction.",
    "The citations are not in the style that I asked for.",
)
CHANGES = (
    "Answer the question of section 2",
    "Replace the two web sources",
    "Shorten the introduction",
    "Fix the references",
)
RETURN_REASONS = ("Several references are incomplete.", "The argument of page 2 has a gap.", "Below the word count.")
EDITING_NOTES = ("Clear and well argued.", "A few slips of style, put right.", "Good work, sources in order.", "")
CORRECTIONS = ("", "", "Typing errors, two commas.", "The heading of the second section; references in one style.")
ISSUES = {
    "argument": "The second section states its point twice.",
    "instructions": "One of the questions asked is answered in passing only.",
    "sources": "Two references lack their pages.",
    "language": "Long sentences in the introduction.",
    "formatting": "Headings are numbered in two ways.",
    "originality": "The first paragraph stays close to its source.",
}
GIVEN_BACK = ("Outside of my field.", "I will not manage it today.", "I know the writer.")
HANDED_OVER = ("My shift ends.", "She knows the subject better.")
HOLD_REASONS = ("Waiting for files that the client has promised.", "The client asked to pause.")
EXTEND_REASONS = ("The client agreed to a later date.", "The assignment was postponed by the university.")
GRANT_REASONS = ("The client answered a question late.", "The files came a day late.")
RELEASE_REASONS = ("I have fallen ill and cannot finish in time.", "The topic is outside of my field after all.")
REASSIGN_REASONS = ("No answer from the writer since yesterday.", "The writer asked to be replaced.")
CANCEL_REASONS = (
    "The client does not need the paper any more.",
    "The course was cancelled.",
    "Placed twice by mistake.",
)
DISPUTE_STATEMENTS = (
    "The paper does not follow the instructions that I gave, and half of the sources do not exist.",
    "It came two days after the deadline and I could not hand it in.",
    "This is not the paper that I ordered: the file belongs to another subject.",
)
DECLINE_REASONS = ("No time this week.", "Too far from my subjects.", "")
REJECT_REASONS = ("Another writer knows the subject better.", "Too many open orders at present.")
REQUEST_MESSAGES = (
    "I have written three papers on this subject and can start at once.",
    "This is the field of my degree.",
    "I could deliver a day early.",
    "",
)
ADJUST_REASONS = ("The lecturer wants two pages more.", "A few slides are needed as well.", "Less is enough after all.")
CLIENT_MESSAGES = (
    "Hello, could you tell me which sources you are going to use?",
    "I have attached the lecture notes to the order.",
    "Please keep to the outline, the lecturer is strict about it.",
    "How is it going so far?",
    "Could you send a draft of the introduction?",
    "Thank you, that looks good!",
)
WRITER_MESSAGES = (
    "Thank you for the details, I have started with the outline.",
    "The main source is not in our library: is the second edition fine as well?",
    "A draft of the first two sections will be there tomorrow.",
    "I have taken your remarks in.",
    "Should the introduction mention the earlier study?",
)
LEAKING_MESSAGES = (
    "You can also reach me at quick.answer@example.com if that is easier.",
    "Call me on +1 202 555 0143 for questions.",
)
SUSPENSIONS = ("Repeated lateness.", "Two upheld complaints within a month.")
LEAVES = ("Exams.", "Family holiday.", "Moving house.")
REJECTIONS = ("The samples were not convincing.", "The proof of the degree is missing.")
PROMOTIONS = ("Steady, good work over months.",)
REVIEWS: dict[int, tuple[str, ...]] = {
    5: ("Exactly what I needed, and early.", "Clear, well sourced, a pleasure to read.", "Perfect."),
    4: ("Good work, one small correction was needed.", "Solid paper, friendly answers.", "On time and on topic."),
    3: ("Fine in the end, after a revision.", "Average; the sources could be better."),
    2: ("Late, and the conclusion is thin.", "I had to explain the task twice."),
    1: ("Did not follow the instructions.", "I would not order from this writer again."),
}
CONTENTS: dict[str, tuple[str, bytes]] = {
    "brief": ("assignment.txt", b"Assignment\n\nWrite a paper on the topic given. Cite your sources.\n"),
    "draft": ("draft.txt", b"Draft\n\nIntroduction, first version. Sections to follow.\n"),
    "final": ("paper.txt", b"Paper\n\nIntroduction\n\nArgument\n\nConclusion\n\nReferences\n"),
    "final2": (
        "paper.txt",
        b"Paper, with all remarks taken in\n\nIntroduction\n\nArgument\n\nConclusion\n\nReferences\n",
    ),
    "revision": ("paper-revised.txt", b"Paper, revised\n\nIntroduction\n\nArgument\n\nConclusion\n\nReferences\n"),
    "sources": ("sources.txt", b"Sources\n\n1. A first source.\n2. A second source.\n"),
}
"""What files are called and hold: few contents, which the storage keeps once."""
