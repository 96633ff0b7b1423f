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
DISPUTE_ANSWERS = (
    "Each point of the instructions is answered: see the table on the second page.",
    "The deadline was moved with the client's consent, and I kept the new one.",
    "All sources exist, and I have added a link to the library's record of each.",
)
DISPUTE_COMPLAINTS = (
    "The client asks for another paper than the one that was ordered, and is abusive about it.",
    "I have been asked four times for changes that contradict each other.",
)
DISPUTE_QUESTIONS = (
    "Could you show us which of the points is missing?",
    "Please send us the file that you received.",
)
DISPUTE_MORE = (
    "The third and the fifth point are missing altogether.",
    "I have attached what I was sent.",
)
DISPUTE_NOTES = {
    "writer_wins": ("The paper follows the instructions as they were when the order was placed.",),
    "client_wins": (
        "Half of the sources cannot be found, so that the paper is of no use to the client.",
        "The paper came too late to be handed in.",
    ),
    "extend_deadline": ("The points that are missing can be added: the writer has two more days for it.",),
    "reassign": ("Another writer does it anew: this one has not understood the assignment.",),
}
DISPUTE_WITHDRAWN = ("We have found a solution.", "I had overlooked the second file.")
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
REVIEW_CONTACT = " Ask me at student@example.com how to get a discount."
LONG_REVIEW = (
    "I have ordered here for the second time, and the writer has understood at once what my lecturer wanted from the"
    " literature review and the discussion."
)
MODERATED: dict[str, tuple[str, ...]] = {
    "approve": ("An honest opinion about the order.", "Nothing here is against our rules."),
    "reject": ("Advertising.", "It is not about the order."),
    "flag": ("The writer says that this is not what happened.", "To be looked at by somebody else, too."),
    "shadow": ("One of many with nearly the same words.",),
    "uphold": ("The rejection was right: contact details are advertising.",),
    "overturn": ("The opinion stands on the order; the address is removed already.",),
}
REFUND_REASONS: dict[str, tuple[str, ...]] = {
    "quality": ("Two of the five sources do not say what the paper says.", "The conclusion is missing."),
    "lateness": ("It came a day after I had to hand it in.",),
    "not_delivered": ("The slides that I paid for are not there.",),
    "wrong_charge": ("I was charged for three pages more than I ordered.",),
    "goodwill": ("For the trouble with the messages last week.",),
    "other": ("My teacher has dropped the assignment.",),
}
REFUND_DECISIONS: dict[str, tuple[str, ...]] = {
    "approve": ("The editor sees it the same way.", "As agreed with the client."),
    "reject": ("The brief asked for exactly this.", "The work was accepted before the deadline."),
    "cancel": ("I have found it, thank you.", "A revision is what I need instead."),
    "retry": ("The payment has settled now.",),
}
FINE_REASONS: dict[str, str] = {
    "quality": "Two of the five sources do not exist.",
    "communication": "Three messages of the client were not answered.",
    "wrong_files": "The file was that of another order.",
    "privacy": "The client's school is named in the paper.",
}
FINE_APPEALS = ("The brief came without the sources.", "I was in hospital, the note is attached to my ticket.")
FINE_DECISIONS: dict[str, tuple[str, ...]] = {
    "approve": ("The client had changed the brief an hour before.", "A first time, and well explained."),
    "reject": ("The brief was complete from the start.", "Nobody was told before it was due."),
    "waive": ("A long record without any lateness.",),
    "void": ("It was charged to the wrong order.",),
}
REPORTED = ("The order was delivered a day early.", "This is about another order.")
APPEALED = ("I only wanted to be helpful.", "Everything in it is true.")
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
QUESTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "order": (
        ("Where is my order?", "It is due soon and I have heard nothing. Could you look into it?"),
        ("A change of the instructions", "My lecturer has changed the question. Can the writer still take that in?"),
        ("Files cannot be opened", "The file that I have downloaded cannot be opened here."),
    ),
    "payment": (
        ("Paid, but the order says unpaid", "The money has left my account and the order still says unpaid."),
        ("Charged twice", "I see two charges of the same amount for one order."),
        ("Another card", "How can I pay with another card?"),
    ),
    "refund": (
        ("When is the money back?", "The order was cancelled last week and nothing has come back yet."),
        ("Part of the price back", "Half of the work was late. I would like a part of the price back."),
    ),
    "quality": (
        ("Not what I asked for", "The second part does not answer the question. What can be done?"),
        ("Sources that do not exist", "Two of the references cannot be found anywhere."),
    ),
    "account": (
        ("Another e-mail address", "Could you change the address of my account?"),
        ("Cannot log in on my phone", "The code that I am asked for never comes."),
    ),
    "technical": (
        ("The upload stops", "The upload of my notes stops at half of it, every time."),
        ("The page stays empty", "After logging in the page stays empty."),
    ),
    "other": (
        ("An invoice with my company's name", "Could you send me an invoice with the name of my company?"),
        ("Opening hours", "Is somebody there at the weekend?"),
    ),
}
TICKET_ANSWERS = (
    "Thank you for writing. I have looked at it and it is being taken care of.",
    "I am sorry about this. It is put right now: could you check whether it works for you?",
    "I have asked the colleagues in charge and come back to you as soon as I know more.",
    "Could you tell me the number of the order, and what exactly you see?",
    "Could you send a picture of what you see there?",
)
TICKET_REPLIES = (
    "Thank you, here is what you asked for.",
    "It still does not work, I am afraid.",
    "Yes, that is it. What happens next?",
    "Thanks for the quick answer!",
    "Is there any news?",
)
TICKET_NOTES = (
    "Looked at the charge: captured once, the other one was declined.",
    "The writer says that it is on its way.",
    "Regular client, please be generous.",
    "Same as last week's, see there.",
)
ESCALATION_REASONS = ("The client has written three times.", "A decision about money is needed.", "Threatens to sue.")
ESCALATION_ENDS = ("Answered by the lead.", "Put right.")
RESOLUTIONS = ("", "", "Put right.", "Answered.", "The client has what it asked for.")
CLOSINGS = ("", "Solved by itself, thank you.", "I do not need it any more.")
REOPENINGS = ("It has happened again.", "It is not solved after all.")
RATING_COMMENTS: dict[int, tuple[str, ...]] = {
    5: ("", "Quick and kind.", "Excellent."),
    4: ("", "Good help."),
    3: ("", "Took a while."),
    2: ("It took two days.",),
    1: ("Nobody has read what I wrote.",),
}
ISSUE_STORIES = ("The bank says that it was booked twice.", "The receipt names another amount than the order.")
ISSUE_ESCALATED = ("The provider does not answer.",)
ISSUE_ENDS = ("The second booking was a reservation and has lapsed.", "The receipt was corrected.")
MEASURE_REASONS = ("Insulting messages to the desk.", "The same complaint under several names.", "Chargebacks.")
MEASURE_REFUSED = ("One warning is enough.",)
CANNED: tuple[tuple[str, str, str], ...] = (
    ("Greeting", "Hello, thank you for writing to us.", ""),
    ("Which order?", "Could you tell me the number of the order that this is about?", "order"),
    ("Money is on its way", "The money has been sent back; banks take up to five days.", "refund"),
    ("Paid twice", "One of the two is a reservation, which your bank gives back by itself.", "payment"),
    ("Another browser", "Could you try it with another browser, and tell me what you see?", "technical"),
    ("Goodbye (old)", "Have a nice day.", ""),
)
FAQS: tuple[tuple[str, str, str, bool], ...] = (
    ("How long does a revision take?", "A quarter of the time of the first delivery.", "order", True),
    ("When do I get money back?", "As soon as a refund is approved; banks take up to five days.", "refund", True),
    ("Which cards do you take?", "All the usual ones, and your wallet.", "payment", True),
    ("Can I talk to the writer?", "Yes, in the messages of your order.", "order", True),
    ("How do I change my e-mail address?", "In your account's settings.", "account", True),
    ("What happens at the weekend?", "A draft of an answer that is still being discussed.", "other", False),
)
