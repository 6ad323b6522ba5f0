"""What an answer's body turned out to be, in words that no protocol owns."""

from enum import StrEnum


class Reading(StrEnum):
    """What an answer with a code of success turned out to be; and the codes that are neither success nor error."""

    ANSWER = "answer"
    LENGTH = "length"
    CUT_SHORT = "cut_short"
    NOT_EXPECTED = "not_expected"
    FILTERED = "filtered"
    LIST = "list"
    INCOMPLETE_LIST = "incomplete_list"
    ERROR = "error"
    EMPTY_BODY = "empty_body"
    HTML = "html"
    STREAM = "stream"
    TEXT = "text"
    DAMAGED = "damaged"
    NO_CHOICES = "no_choices"
    NO_MESSAGE = "no_message"
    NO_CONTENT = "no_content"
    NO_EMBEDDING = "no_embedding"
    NO_LIST = "no_list"
    CUT_STREAM = "cut_stream"
    CORRUPT_STREAM = "corrupt_stream"
    EMPTY_STREAM = "empty_stream"
    NOT_STREAMED = "not_streamed"
    REDIRECT = "redirect"
    ODD_STATUS = "odd_status"
